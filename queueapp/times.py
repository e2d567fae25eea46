"""How long a task waited and ran, as its row tells it; its log always does."""

from datetime import datetime

from queueapp.models import Task
from queueapp.states import Status


def waited_seconds(task: Task, now: datetime) -> float | None:
    """How long the task has been due and unclaimed, or was before its latest attempt."""
    if task.status == Status.QUEUED:
        return _between(task.run_at, now)
    if task.started_at is None or task.started_at < task.run_at:
        return None  # not due yet: never was, or waits for its next try
    return _between(task.run_at, task.started_at)


def ran_seconds(task: Task, now: datetime) -> float | None:
    """How long the latest attempt has run or ran."""
    if task.started_at is None or task.status not in (Status.LEASED, Status.COMPLETED, Status.DEAD_LETTER):
        return None
    return _between(task.started_at, task.finished_at or now)


def _between(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())  # two machines' clocks may differ
