"""Reading: what screens and commands show. Nothing here changes a row, and nothing counts over history."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from queueapp import sql
from queueapp.models import TaskCount, TaskLog, Worker

WORKER_DEAD_AFTER_SECONDS = 15


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue at a glance. `oldest_wait_seconds` is None where nothing waits."""

    name: str
    strategy: str
    paused_at: datetime | None
    counts: dict[str, int]
    oldest_wait_seconds: float | None
    live_workers: int


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker process and what it is busy with."""

    worker: Worker
    is_live: bool
    seconds_since_heartbeat: float
    tasks: list[dict[str, Any]] = field(default_factory=list)


def queue_rows() -> list[QueueRow]:
    """All queues by name, with the counts that the current scope may see."""
    return [QueueRow(**row) for row in sql.rows("queue_rows", {"dead_after": WORKER_DEAD_AFTER_SECONDS})]


def status_counts(*, queue: str | None = None) -> dict[str, int]:
    """How many tasks are in each status, from the kept counters (about a second behind)."""
    counts: dict[str, int] = {}
    rows = TaskCount.objects.filter(queue=queue) if queue else TaskCount.objects.all()
    for status, tasks in rows.values_list("status", "tasks"):
        counts[status] = counts.get(status, 0) + tasks
    return counts


def worker_rows(*, include_dead: bool = False, ids: Sequence[UUID] | None = None) -> list[WorkerRow]:
    """Workers, the newest first, each with the tasks that it holds. Needs an operator's scope.

    With `ids`, those workers, dead or alive.
    """
    wanted = {"include_dead": include_dead, "ids": None if ids is None else list(ids)}
    rows = sql.rows("worker_rows", {"dead_after": WORKER_DEAD_AFTER_SECONDS, "limit": 200, **wanted})
    workers = Worker.objects.in_bulk([row["id"] for row in rows])
    return [WorkerRow(workers[row["id"]], row["is_live"], row["seconds_since_heartbeat"], row["tasks"]) for row in rows]


def story(task_id: UUID, *, after: UUID | None = None, limit: int = 1_000) -> Sequence[TaskLog]:
    """What happened to a task, the oldest first; `after` is the id of the last entry already seen."""
    entries = TaskLog.objects.filter(task_id=task_id)
    if after is not None:
        entries = entries.filter(id__gt=after)
    return list(entries.order_by("id")[:limit])
