"""Cancel, retry, redrive, reprioritise, purge: sets of tasks, one statement a verb, an answer for every id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from queueapp.db import statements
from queueapp.errors import FieldError, InvalidTask, TaskNotFound, WrongState
from queueapp.models import Task
from queueapp.observers import Transition, report_on_commit
from queueapp.redis import notifier
from queueapp.states import Status
from queueapp.tasks.progress_log import log_cancel_requested
from queueapp.tenancy import ensure_scope

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class TransitionResult:
    """What a verb did to one task. `was` is None where no such task is visible."""

    task_id: UUID
    was: str | None
    status: str | None
    done: bool

    @property
    def reason(self) -> str:
        """Why it was refused, in words."""
        if self.done:
            return ""
        return "no such task" if self.was is None else f"it is {self.was}"


def cancel(task_id: UUID, *, tenant_id: UUID | None = None) -> Task:
    """Cancel a waiting task, or ask the worker of a running one to stop. Cancelling twice is no error.

    Raises TaskNotFound, or WrongState for a completed or dead task.
    """
    return _one("cancel", cancel_many([task_id], tenant_id=tenant_id)[0], tenant_id)


def cancel_many(task_ids: Sequence[UUID], *, tenant_id: UUID | None = None) -> list[TransitionResult]:
    """Cancel each task whose state allows it. A running one is `done` once its worker was asked."""
    stoppable = {Status.CANCELLED, Status.LEASED}
    outcomes = _run("cancel_tasks", task_ids, tenant_id, done=lambda row: row["status"] in stoppable)
    log_cancel_requested([outcome.task_id for outcome in outcomes if outcome.done])
    return outcomes


def retry(task_id: UUID, *, tenant_id: UUID | None = None) -> Task:
    """Queue a failed, dead or cancelled task again, with clean counters.

    Raises TaskNotFound, or WrongState for a task in any other state.
    """
    return _one("retry", retry_many([task_id], tenant_id=tenant_id)[0], tenant_id)


def retry_many(task_ids: Sequence[UUID], *, tenant_id: UUID | None = None) -> list[TransitionResult]:
    """Queue each failed, dead or cancelled task again."""
    return _run("retry_tasks", task_ids, tenant_id, done=lambda row: row["was"] != row["status"])


def redrive(
    *, queue: str | None = None, type_pattern: str | None = None, tenant_id: UUID | None = None
) -> list[TransitionResult]:
    """Queue all dead letters again, or those of a queue or a type pattern, the oldest first."""
    outcomes: list[TransitionResult] = []
    with ensure_scope(tenant_id):
        dead = Task.objects.filter(status=Status.DEAD_LETTER).matching(queue=queue, type_pattern=type_pattern)
        if tenant_id is not None:  # an operator's scope does not narrow to it
            dead = dead.filter(tenant_id=tenant_id)
        while batch := list(dead.order_by("id").values_list("id", flat=True)[:BATCH]):
            outcomes += retry_many(batch)
    return outcomes


def reprioritise(task_id: UUID, priority: int, *, tenant_id: UUID | None = None) -> Task:
    """Change the priority (1–10) of an unfinished task.

    Raises InvalidTask, TaskNotFound, or WrongState for a finished task.
    """
    outcome = reprioritise_many([task_id], priority, tenant_id=tenant_id)[0]
    return _one("reprioritise", outcome, tenant_id)


def reprioritise_many(
    task_ids: Sequence[UUID], priority: int, *, tenant_id: UUID | None = None
) -> list[TransitionResult]:
    """Change the priority (1–10) of each unfinished task. Raises InvalidTask for a priority out of range."""
    if not 1 <= priority <= 10:
        raise InvalidTask([FieldError("priority", "out_of_range", "must be between 1 and 10")])
    return _run("reprioritise_tasks", task_ids, tenant_id, done=lambda row: row["done"], priority=priority)


def purge(*, finished_before: datetime) -> int:
    """Delete tasks that ended before a moment and hold no deduplication key; returns how many.

    Their log stays: it is append-only. Needs an operator's scope, since it spans tenants.
    """
    deleted = 0
    while batch := purge_batch(finished_before=finished_before):
        deleted += batch
    return deleted


def purge_batch(*, finished_before: datetime) -> int:
    """As purge, but at most BATCH tasks, the oldest first."""
    return len(statements.rows("purge_tasks", _purge_window(finished_before)))


def _purge_window(finished_before: datetime) -> dict[str, Any]:
    # A task ends after it was created, and ids sort by creation: the primary key bounds the search.
    milliseconds = int(finished_before.astimezone(UTC).timestamp() * 1000)
    return {
        "finished_before": finished_before,
        "first_id_after": UUID(int=milliseconds << 80),
        "batch": BATCH,
    }


def _run(
    statement: str, task_ids: Sequence[UUID], tenant_id: UUID | None, *, done: Any, **parameters: Any
) -> list[TransitionResult]:
    """Run a verb's statement; its rows say id, was, status, and the queue to notify where a task became ready."""
    if not task_ids:
        return []
    with ensure_scope(tenant_id):
        # named to the statement too, since an operator's scope does not narrow to the tenant
        parameters |= {"ids": list(task_ids), "tenant_id": tenant_id}
        rows = {row["id"]: row for row in statements.rows(statement, parameters)}
        moved = [row for row in rows.values() if row["was"] != row["status"]]
        notifier.notify_on_commit(row["queue"] for row in moved if row["status"] == Status.QUEUED)
        report_on_commit(Transition(row["id"], row["was"], row["status"]) for row in moved)
    return [
        TransitionResult(task_id, rows[task_id]["was"], rows[task_id]["status"], done(rows[task_id]))
        if task_id in rows
        else TransitionResult(task_id, None, None, False)
        for task_id in task_ids
    ]


def _one(verb: str, outcome: TransitionResult, tenant_id: UUID | None) -> Task:
    if outcome.was is None:
        raise TaskNotFound(outcome.task_id)
    if not outcome.done:
        raise WrongState(outcome.task_id, verb, outcome.was)
    with ensure_scope(tenant_id):
        return Task.objects.get(id=outcome.task_id)
