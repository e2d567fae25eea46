"""The front door of Taskrunner, durable background tasks for Django: all that most code needs.

    from queueapp import TaskContext, handler, submit, task

Nothing here needs the apps to be ready before it is called, so any module may import it, models.py included.
`tenant=` takes a tenant's slug or id. Without it the bound tenant is meant (`queueapp.tenancy.bind_tenant`; inside a
handler, its task's), and in an installation without isolation the only one there is.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from queueapp.errors import ContinueLater, PermanentFailure, RetryLater
    from queueapp.handlers import handler
    from queueapp.models import Task
    from queueapp.tasks import TaskRequest
    from queueapp.timing import Cron, Every, Once, Scheduled
    from queueapp.typed import task
    from queueapp.worker.context import TaskContext, current_task
    from queueapp.worker.interrupts import SoftTimeout

__all__ = [
    "ContinueLater",
    "Cron",
    "Every",
    "Once",
    "PermanentFailure",
    "RetryLater",
    "Scheduled",
    "SoftTimeout",
    "TaskContext",
    "cancel",
    "current_task",
    "get_task",
    "handler",
    "retry",
    "submit",
    "submit_many",
    "task",
]

__version__ = "0.1.0"

_HOMES = {
    "ContinueLater": "queueapp.errors",
    "Cron": "queueapp.timing",
    "Every": "queueapp.timing",
    "Once": "queueapp.timing",
    "PermanentFailure": "queueapp.errors",
    "RetryLater": "queueapp.errors",
    "Scheduled": "queueapp.timing",
    "SoftTimeout": "queueapp.worker.interrupts",
    "TaskContext": "queueapp.worker.context",
    "current_task": "queueapp.worker.context",
    "handler": "queueapp.handlers",
    "task": "queueapp.typed",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'queueapp' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def submit(
    type: str, params: Mapping[str, Any] | None = None, *, tenant: str | UUID | None = None, **options: Any
) -> "Task":
    """Submit one task and return it. Inside a transaction it is stored with it, or not at all.

    `options`: priority, queue, run_at or delay_seconds, expires_at or expires_seconds, timeout_seconds, max_retries,
    dedup, requirements, labels.
    With `dedup` the task returned may be an earlier one that holds the key.
    Raises InvalidTask (nothing is stored), DuplicateTask, TenantNotFound.
    """
    return _verbs().submit(type, params, tenant=tenant, **options)  # type: ignore[no-any-return]


def submit_many(
    requests: "Sequence[TaskRequest | Mapping[str, Any]]", *, tenant: str | UUID | None = None
) -> list[UUID]:
    """Submit tasks, all or none, and return their ids in the order of the requests.

    A request has a `type`, and may have `params` and the options of submit.
    Raises InvalidTask with the errors of every bad item, DuplicateTask, TenantNotFound.
    """
    return _verbs().submit_many(requests, tenant=tenant)  # type: ignore[no-any-return]


def cancel(task_id: UUID, *, tenant: str | UUID | None = None) -> "Task":
    """Cancel a task and return it: cancelled, or still leased while its worker is being told to stop.

    Raises TaskNotFound, WrongState, TenantNotFound.
    """
    return _verbs().cancel(task_id, tenant=tenant)  # type: ignore[no-any-return]


def retry(task_id: UUID, *, tenant: str | UUID | None = None) -> "Task":
    """Queue a task that failed, was cancelled or is a dead letter once more, and return it.

    Raises TaskNotFound, WrongState, TenantNotFound.
    """
    return _verbs().retry(task_id, tenant=tenant)  # type: ignore[no-any-return]


def get_task(task_id: UUID, *, tenant: str | UUID | None = None) -> "Task":
    """The task as it is now: its status, result, progress. Raises TaskNotFound, TenantNotFound."""
    return _verbs().get_task(task_id, tenant=tenant)  # type: ignore[no-any-return]


def _verbs() -> Any:
    return import_module("queueapp.tasks.front_door")  # it needs the models
