"""A tenant's own figures: how much it may do, and what its tasks have done."""

from typing import Any, ClassVar

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.rest.toolkit import quota
from queueapp.rest.toolkit.long_poll import MAX_WAIT_SECONDS
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView, Form
from queueapp.tasks import queries


class Limits(ApiView):
    """What holds for the principal's tenant, its own limits included, and how much of it is used."""

    rights: ClassVar = {"GET": Right.USAGE_READ}

    def get(self, request: Request) -> Response:
        self.query(Form)
        limits, accepted = self.principal.limits, quota.accepted_lately(self.principal)
        most = limits.tasks_per_minute
        return Response(
            {
                **limits.model_dump(),
                "max_body_bytes": settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
                "max_wait_seconds": MAX_WAIT_SECONDS,
                "use": {
                    "window_seconds": quota.WINDOW_SECONDS,
                    "tasks_accepted": accepted,
                    "tasks_left": None if most is None or accepted is None else max(0, most - accepted),
                },
            }
        )


class Stats(ApiView):
    """How many tasks are in each status and queue, and what became of them in the last hour."""

    rights: ClassVar = {"GET": Right.USAGE_READ}

    def get(self, request: Request) -> Response:
        self.query(Form)
        with self.principal.scope():
            counts = queries.counts_by_queue(tenant_id=self.principal.sees_tenant)
            types = queries.usage_rows(tenant_id=self.principal.sees_tenant)
        return Response({"counts": _summed(counts), "queues": counts, "last_hour": {"types": types, **_rates(types)}})


def _summed(counts: dict[str, dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for statuses in counts.values():
        for status, tasks in statuses.items():
            total[status] = total.get(status, 0) + tasks
    return total


def _rates(types: list[dict[str, Any]]) -> dict[str, Any]:
    """The success rate is that of the tasks that ended of themselves; None where none did."""
    completed, dead = (sum(row[name] for row in types) for name in ("completed", "dead_lettered"))
    rate = completed / (completed + dead) if completed + dead else None
    return {"completed": completed, "dead_lettered": dead, "success_rate": rate}
