"""The tasks that a principal may see, and how. The filter by tenant is a second layer over row-level security."""

import hashlib
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from pydantic import Field

from queueapp.db import statements
from queueapp.models import Artifact, Task, Tenant
from queueapp.models.tasks import TaskQuerySet
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.permissions import Principal
from queueapp.tasks.serializers import TaskDocument

MOST_ARTIFACT_IDS = 200  # as in sql/visible_tasks.sql


class TaskResponse(TaskDocument):
    """A task. What is named like a secret in `params`, or has the shape of one, shows as `***`, also in its result."""

    artifact_ids: list[UUID] = Field(description="The oldest 200; GET …/artifacts lists all.")


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
    task.labels = task.labels or []  # as the model reads it: raw SQL shows the NULL of an empty list
    return task


def task_response(task: Task, principal: Principal, *, in_full: bool = False) -> dict[str, Any]:
    """The task as the principal may see it; `in_full` with its traceback, if that is an admin: it shows the code."""
    # looked up only for an admin, who reads other tenants' too
    slug = principal.tenant_slug if task.tenant_id == principal.tenant_id else task.tenant.slug
    return TaskResponse.of_task(task, slug, with_traceback=in_full and principal.is_admin)


def etag_of(task: Task) -> str:
    """Changes whenever the row does, or an artifact comes or goes."""
    artifacts = f"{len(task.artifact_ids)} {[*task.artifact_ids][-1:]}"
    state = f"{task.id} {task.updated_at.isoformat()} {task.attempt} {task.status} {task.priority} {artifacts}"
    return f'"{hashlib.sha256(state.encode()).hexdigest()[:32]}"'
