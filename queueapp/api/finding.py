"""What a caller may see. The filter by tenant is the second layer: row-level security holds without it."""

from uuid import UUID

from queueapp import sql
from queueapp.api.access import Caller
from queueapp.api.errors import NotVisible
from queueapp.models import Task, Tenant
from queueapp.models.tasks import TaskQuerySet


def visible_tasks(caller: Caller) -> TaskQuerySet:
    """The tasks of the caller's tenant; for an admin who names none, all. Call it in the caller's scope."""
    tasks = Task.objects.all() if caller.sees_tenant is None else Task.objects.filter(tenant_id=caller.sees_tenant)
    return tasks.select_related("tenant")


def find_task(caller: Caller, task_id: UUID) -> Task:
    """Raises NotVisible, whether the id is another tenant's or nobody's."""
    rows = sql.rows("visible_task", {"id": task_id, "tenant_id": caller.sees_tenant})
    if not rows:
        raise NotVisible
    tenant = Tenant(id=rows[0]["tenant_id"], slug=rows[0].pop("tenant_slug"))
    return Task(**rows[0], tenant=tenant)
