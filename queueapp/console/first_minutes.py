"""What a list says that has no task yet: how to come to the first one."""

from typing import Any

from django.http import HttpRequest

from queueapp.rest.toolkit.mount import mounted_at
from queueapp.tasks.queries import live_worker_ids
from queueapp.tenancy import system_scope

EXAMPLE = """\
# tasks.py of any of your apps
from pydantic import BaseModel
from queueapp import TaskContext, handler

class Invoice(BaseModel):
    order_id: int

@handler("billing.invoice", params=Invoice, max_retries=3)
def invoice(task: TaskContext, params: Invoice) -> dict[str, int]:
    task.log(f"order {params.order_id}")
    task.progress(0.5, "half")
    return {"invoiced": params.order_id}
"""


def first_minutes(request: HttpRequest) -> dict[str, Any]:
    """Call it in no scope: workers are the platform's, and everybody may know whether there are any."""
    with system_scope("console"):
        workers = len(live_worker_ids())
    root = mounted_at()
    api = None if root is None else request.build_absolute_uri(root)
    return {"is_first_time": True, "workers": workers, "api": api, "example": EXAMPLE}
