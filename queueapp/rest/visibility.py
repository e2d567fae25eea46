"""What a principal may see. The filter by tenant is the second layer: row-level security holds without it."""

from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from queueapp.db import statements
from queueapp.models import Artifact, Task, Tenant
from queueapp.models.tasks import TaskQuerySet
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.permissions import Principal

MOST_ARTIFACT_IDS = 200  # as in sql/visible_tasks.sql


def visible_tasks(principal: Principal) -> TaskQuerySet:
    """The tasks of the principal's tenant; for an admin who names none, all. Call it in the principal's scope."""
    tasks = (
        Task.objects.all() if principal.sees_tenant is None else Task.objects.filter(tenant_id=principal.sees_tenant)
    )
    artifacts = Artifact.objects.filter(tenant=OuterRef("tenant"), task=OuterRef("id")).order_by("id")
    ids = ArraySubquery(artifacts.values("id")[:MOST_ARTIFACT_IDS])
    return tasks.select_related("tenant").annotate(artifact_ids=ids)  # type: ignore[no-redef]  # fills the attribute


def find_task(principal: Principal, task_id: UUID) -> Task:
    """Raises NotVisible, whether the id is another tenant's or nobody's."""
    tasks = find_tasks(principal, [task_id])
    if not tasks:
        raise NotVisible
    return tasks[task_id]


def find_tasks(principal: Principal, task_ids: list[UUID]) -> dict[UUID, Task]:
    """Those of the tasks that the principal may see, by id."""
    rows = statements.rows("visible_tasks", {"ids": task_ids, "tenant_id": principal.sees_tenant})
    return {row["id"]: _as_task(row) for row in rows}


def _as_task(row: statements.Row) -> Task:
    slug, artifact_ids = row.pop("tenant_slug"), row.pop("artifact_ids")
    task = Task(**row, tenant=Tenant(id=row["tenant_id"], slug=slug))
    task.artifact_ids = artifact_ids
    return task
