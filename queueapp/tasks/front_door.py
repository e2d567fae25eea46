"""What stands behind `from queueapp import submit, …`: the verbs, for a tenant that is named by its slug or its id."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from queueapp import tasks
from queueapp.errors import TaskNotFound
from queueapp.models import Task
from queueapp.tasks.requests import TaskRequest
from queueapp.tenancy import ensure_scope
from queueapp.tenancy.lookup import tenant_id_of


def submit(type: str, params: Mapping[str, Any] | None, *, tenant: str | UUID | None, **options: Any) -> Task:
    return tasks.submit(type, dict(params or {}), tenant_id=tenant_id_of(tenant), **options)


def submit_many(requests: Sequence[TaskRequest | Mapping[str, Any]], *, tenant: str | UUID | None) -> list[UUID]:
    plain = [request if isinstance(request, TaskRequest) else dict(request) for request in requests]
    return tasks.submit_many(plain, tenant_id=tenant_id_of(tenant))


def cancel(task_id: UUID, *, tenant: str | UUID | None) -> Task:
    return tasks.cancel(task_id, tenant_id=tenant_id_of(tenant))


def retry(task_id: UUID, *, tenant: str | UUID | None) -> Task:
    return tasks.retry(task_id, tenant_id=tenant_id_of(tenant))


def get_task(task_id: UUID, *, tenant: str | UUID | None) -> Task:
    tenant_id = tenant_id_of(tenant)
    with ensure_scope(tenant_id):
        found = Task.objects.filter(pk=task_id)
        # an operator's scope shows the tasks of all
        task = (found if tenant_id is None else found.filter(tenant_id=tenant_id)).first()
    if task is None:
        raise TaskNotFound(task_id)
    return task
