"""What became of a task, as `django.tasks` shows it: from its row and the moves in its log."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from queueapp import tasks
from queueapp.contrib.django_tasks.functions import Arguments, registered_task
from queueapp.contrib.django_tasks.interface import AnyResult, AnyTask, TaskError, TaskResult, TaskResultStatus
from queueapp.errors import TaskNotFound
from queueapp.models import Task, TaskLog
from queueapp.states import Status
from queueapp.tasks.front_door import get_task
from queueapp.tenancy import ensure_scope
from queueapp.tenancy.lookup import tenant_id_of

STATUSES = {
    Status.SCHEDULED: TaskResultStatus.READY,
    Status.BLOCKED: TaskResultStatus.READY,
    Status.QUEUED: TaskResultStatus.READY,
    Status.LEASED: TaskResultStatus.RUNNING,
    Status.FAILED: TaskResultStatus.READY,  # it will be tried again
    Status.COMPLETED: TaskResultStatus.SUCCESSFUL,
    Status.DEAD_LETTER: TaskResultStatus.FAILED,
    Status.CANCELLED: TaskResultStatus.FAILED,
}
PRIORITY_OF_ZERO = 5  # Django's −100…100 lie around 0, ours around 5: all tasks of a queue have one order


class Request(tasks.TaskRequest):
    """What `enqueue` submits: priorities of Django's range."""

    priority: Annotated[int, Field(ge=PRIORITY_OF_ZERO - 100, le=PRIORITY_OF_ZERO + 100)]


def submit(task: AnyTask, fields: dict[str, Any], alias: str, tenant: str | UUID | None) -> AnyResult:
    """Submit it and return its result. Raises InvalidTask, TenantNotFound, ScopeError."""
    request = Request(priority=task.priority + PRIORITY_OF_ZERO, **fields)
    row = tasks.submit_internal(request, tenant_id=tenant_id_of(tenant))
    return result_of(row, task, alias, _moves(row) if row.attempt else [])


def read(id: UUID, alias: str, tenant: str | UUID | None) -> AnyResult:
    """The result of a task. Raises TaskNotFound, also where no module that was imported has its function."""
    row = get_task(id, tenant=tenant)
    task = registered_task(row.type)
    if task is None:
        raise TaskNotFound(id)
    return result_of(row, task, alias, _moves(row))


def result_of(row: Task, task: AnyTask, alias: str, moves: Sequence[TaskLog]) -> AnyResult:
    """`moves` are those of its log, the oldest first; where they are pruned, the row alone tells less."""
    arguments = Arguments.model_validate(row.params)
    claims = [move for move in moves if move.to_status == Status.LEASED]
    result: AnyResult = TaskResult(
        task=replace(
            task,
            priority=row.priority - PRIORITY_OF_ZERO,
            queue_name=row.queue,
            run_after=arguments.run_after,
            backend=alias,
        ),
        id=str(row.id),
        status=STATUSES[Status(row.status)],
        enqueued_at=row.created_at,
        started_at=claims[0].at if len(claims) > 1 else row.started_at,
        finished_at=row.finished_at,
        last_attempted_at=row.started_at,
        args=arguments.args,
        kwargs=arguments.kwargs,
        backend=alias,
        errors=_errors(moves),
        worker_ids=[str(move.worker_id) for move in claims],
    )
    object.__setattr__(result, "_return_value", row.result)  # no argument sets it, so Django's own backends do this too
    return result


def _errors(moves: Sequence[TaskLog]) -> list[TaskError]:
    """Of each attempt that raised; one whose worker crashed raised nothing."""
    raised = [move.detail for move in moves if move.detail and "exception_class" in move.detail]
    return [
        TaskError(exception_class_path=detail["exception_class"], traceback=f"{detail['traceback']}\n")
        for detail in raised
    ]


def _moves(row: Task) -> list[TaskLog]:
    with ensure_scope(row.tenant_id):
        of_task = TaskLog.objects.filter(tenant_id=row.tenant_id, task_id=row.id, kind=TaskLog.Kind.TRANSITION)
        return list(of_task.order_by("id"))
