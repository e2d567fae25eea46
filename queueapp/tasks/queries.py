"""Reading: what screens and commands show. Nothing here changes a row, and nothing counts over history."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Sum

from queueapp import clock
from queueapp.db import statements
from queueapp.models import Cluster, Task, TaskCount, TaskLog, TaskStat, Worker
from queueapp.states import Status
from queueapp.tenancy import system_scope


def waited_seconds(task: Task, now: datetime) -> float | None:
    """How long the task has been due and unclaimed, or was before its latest attempt."""
    if task.status == Status.QUEUED:
        return _between(task.run_at, now)
    if task.started_at is None or task.started_at < task.run_at:
        return None  # not due yet: never was, or waits for its next try
    return _between(task.run_at, task.started_at)


def ran_seconds(task: Task, now: datetime) -> float | None:
    """How long the latest attempt's handler ran; of one that is under way, since its claim."""
    if task.status == Status.LEASED and task.started_at is not None:
        return _between(task.started_at, now)
    return task.run_seconds


def _between(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())  # two machines' clocks may differ


WORKER_DEAD_AFTER_SECONDS = 15
CLUSTER_DEAD_AFTER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue at a glance. `oldest_wait_seconds` and `oldest_task_id` are None where nothing waits.

    A worker that is busy may be so with a task of another queue that it serves.
    """

    name: str
    strategy: str
    paused_at: datetime | None
    paused_by: str
    pause_reason: str
    paused_until: datetime | None
    counts: dict[str, int]
    oldest_wait_seconds: float | None
    oldest_task_id: UUID | None
    live_workers: int
    busy_workers: int
    unconfirmed_by: list[UUID]


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker process and what it is busy with."""

    worker: Worker
    is_live: bool
    seconds_since_heartbeat: float
    tasks: list[dict[str, Any]] = field(default_factory=list)


def queue_rows() -> list[QueueRow]:
    """All queues by name, with the counts that the current scope may see."""
    return [QueueRow(**row) for row in statements.rows("queue_rows", {"dead_after": WORKER_DEAD_AFTER_SECONDS})]


def queue_rows_of_tenant(tenant_id: UUID) -> list[QueueRow]:
    """The queues that hold tasks of a tenant, by name, with its own counts and waits, and how many workers serve them.

    Call it outside any scope.
    """
    with system_scope("queues"):
        counts = counts_by_queue(tenant_id=tenant_id)
        waits = {row.pop("queue"): row for row in statements.rows("oldest_waits_of_tenant", {"tenant_id": tenant_id})}
        nothing = {"oldest_task_id": None, "oldest_wait_seconds": None}
        return [
            replace(row, counts=counts[row.name], unconfirmed_by=[], **waits.get(row.name, nothing))
            for row in queue_rows()
            if row.name in counts
        ]


def unconfirmed_workers(queue: str) -> list[UUID]:
    """Live workers that may still start a task of a queue that is paused. Needs an operator's scope."""
    wanted = {"queue": queue, "dead_after": WORKER_DEAD_AFTER_SECONDS}
    return [row["id"] for row in statements.rows("unconfirmed_workers", wanted)]


def status_counts(*, queue: str | None = None, tenant_id: UUID | None = None) -> dict[str, int]:
    """How many tasks are in each status, from the kept counters (about a second behind)."""
    counts: dict[str, int] = {}
    named = {"queue": queue, "tenant_id": tenant_id}
    rows = TaskCount.objects.filter(**{name: value for name, value in named.items() if value})
    for status, tasks in rows.values_list("status", "tasks"):
        counts[status] = counts.get(status, 0) + tasks
    return counts


def counts_by_queue(*, tenant_id: UUID | None = None) -> dict[str, dict[str, int]]:
    """How many tasks of a tenant, or of all that the scope shows, are in each status of each queue."""
    rows = TaskCount.objects.filter(tenant_id=tenant_id) if tenant_id else TaskCount.objects.all()
    counts: dict[str, dict[str, int]] = {}
    for queue, status, tasks in rows.order_by("queue", "status").values_list("queue", "status", "tasks"):
        if tasks:
            of_queue = counts.setdefault(queue, {})
            of_queue[status] = of_queue.get(status, 0) + tasks
    return counts


def usage_rows(*, tenant_id: UUID | None = None) -> list[dict[str, Any]]:
    """What became of tasks in the last hour, by type; of a tenant, or of all that the scope shows."""
    return statements.rows("usage_rows", {"tenant_id": tenant_id})


def worker_rows(*, include_dead: bool = False, ids: Sequence[UUID] | None = None) -> list[WorkerRow]:
    """Workers, the newest first, each with the tasks that it holds. Needs an operator's scope.

    With `ids`, those workers, dead or alive.
    """
    wanted = {"include_dead": include_dead, "ids": None if ids is None else list(ids)}
    rows = statements.rows("worker_rows", {"dead_after": WORKER_DEAD_AFTER_SECONDS, "limit": 200, **wanted})
    workers = Worker.objects.in_bulk([row["id"] for row in rows])
    return [
        WorkerRow(workers[row["id"]], row["is_live"], row["seconds_since_heartbeat"], row["tasks"])
        for row in rows
        if row["id"] in workers  # else it was pruned between the two looks
    ]


def live_workers() -> list[Worker]:
    """The workers heard of in the last seconds, the newest first. Needs an operator's scope."""
    alive_since = clock.now() - timedelta(seconds=WORKER_DEAD_AFTER_SECONDS)
    return list(Worker.objects.filter(stopped_at=None, heartbeat_at__gt=alive_since))


def live_worker_ids() -> list[UUID]:
    """The workers heard of in the last seconds. Needs an operator's scope."""
    alive_since = clock.now() - timedelta(seconds=WORKER_DEAD_AFTER_SECONDS)
    alive = Worker.objects.filter(stopped_at=None, heartbeat_at__gt=alive_since)
    return list(alive.order_by().values_list("id", flat=True))


def busy_workers(ids: Sequence[UUID]) -> int:
    """How many of these workers hold a task. Needs an operator's scope."""
    held = Task.objects.filter(status=Status.LEASED, worker_id__in=ids)
    return held.order_by().values("worker_id").distinct().count()


def live_clusters() -> list[Cluster]:
    """The clusters heard of in the last seconds. Needs an operator's scope."""
    alive_since = clock.now() - timedelta(seconds=CLUSTER_DEAD_AFTER_SECONDS)
    return list(Cluster.objects.filter(heartbeat_at__gt=alive_since))


def recent_activity(*, minutes: int) -> list[dict[str, Any]]:
    """What tasks did lately, a row for each status they moved to, with mean waiting and running times."""
    since = clock.now() - timedelta(minutes=minutes)
    moved = TaskStat.objects.filter(span_seconds=60, starts_at__gte=since).values("to_status").order_by("to_status")
    totals = moved.annotate(total=Sum("moves"), waited=Sum("wait_seconds"), ran=Sum("run_seconds"))
    return [
        {
            "status": row["to_status"],
            "moves": row["total"],
            "mean_wait_seconds": row["waited"] / row["total"] if row["to_status"] == Status.LEASED else None,
            "mean_run_seconds": row["ran"] / row["total"] if row["ran"] else None,
        }
        for row in totals
    ]


def story(task_id: UUID, *, after: int = 0, limit: int = 1_000) -> Sequence[TaskLog]:
    """What happened to a task, the oldest first, without the first `after` entries.

    A place in it stays what it is: nothing is deleted while the task exists, and who adds an entry has locked the task.
    """
    return list(TaskLog.objects.filter(task_id=task_id).order_by("id")[after : after + limit])


def latest_story(task_id: UUID, *, limit: int = 1_000) -> list[TaskLog]:
    """The newest entries of a task's story, the oldest of them first; the very first one, its submit, is always in."""
    newest = list(TaskLog.objects.filter(task_id=task_id).order_by("-id")[:limit])[::-1]
    return newest if len(newest) < limit else [*story(task_id, limit=1), *newest[1:]]
