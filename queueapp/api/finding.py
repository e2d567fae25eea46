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
    tasks = find_tasks(caller, [task_id])
    if not tasks:
        raise NotVisible
    return tasks[task_id]


def find_tasks(caller: Caller, task_ids: list[UUID]) -> dict[UUID, Task]:
    """Those of the tasks that the caller may see, by id."""
    rows = sql.rows("visible_tasks", {"ids": task_ids, "tenant_id": caller.sees_tenant})
    return {row["id"]: _as_task(row) for row in rows}


def _as_task(row: sql.Row) -> Task:
    slug = row.pop("tenant_slug")
    return Task(**row, tenant=Tenant(id=row["tenant_id"], slug=slug))
