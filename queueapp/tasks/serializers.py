"""Tasks, queues and workers as documents for machines: the same from the HTTP API and from commands with --json."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from queueapp.models import Cluster, Task
from queueapp.redaction import masked
from queueapp.states import Status
from queueapp.tasks import TransitionResult
from queueapp.tasks.figures import WorkerUsage
from queueapp.tasks.queries import WorkerRow
from queueapp.tasks.statistics import worker_figures
from queueapp.validation import ResponseModel

WRITTEN_BY_TENANTS = ("params", "result", "requirements", "labels", "progress")


class TaskError(ResponseModel):
    """How the last attempt failed, or why the task was cancelled."""

    code: str
    message: str
    exception_class: str = Field(description="The dotted path of what was raised; empty where nothing was.")
    traceback: str | None = Field(
        description="Of what was raised, without secrets, at most 16 KiB. Null in lists, and to all but admin keys."
    )


class TaskProgress(ResponseModel):
    """How far the work is, as its worker last reported."""

    fraction: float
    message: str


class TaskDocument(ResponseModel):
    """A task. What is named like a secret in `params`, or has the shape of one, shows as `***`, also in its result."""

    id: UUID
    tenant: str
    type: str
    queue: str
    status: Status
    priority: int
    labels: list[str]
    params: dict[str, Any]
    requirements: dict[str, Any]
    result: Any
    error: TaskError | None
    attempt: int = Field(description="Grows with every claim.")
    failures: int
    crash_count: int
    max_retries: int
    timeout_seconds: int
    progress: TaskProgress | None
    worker_id: UUID | None
    run_at: datetime
    expires_at: datetime | None = Field(description="No attempt starts from then on: the task is cancelled instead.")
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    run_seconds: float | None = Field(
        description="How long the handler itself ran, in the latest attempt that ended; for a worker over HTTP, how "
        "long it held the lease."
    )
    retried_from_id: UUID | None = Field(description="The task that this one repeats, with or without changes.")
    lease_expires_at: datetime | None
    cancel_requested_at: datetime | None

    @classmethod
    def of_task(cls, task: Task, tenant: str, *, with_traceback: bool = False) -> dict[str, Any]:
        """A task without its secrets, as a dict: the model would take a tenth more time for a long list.

        tests/rest/test_one_task.py holds it against the model.
        """
        document = {name: getattr(task, name) for name in _members_of_the_row(cls)}
        secrets = task.secrets
        document |= {name: masked(document[name], secrets) for name in WRITTEN_BY_TENANTS}
        document["tenant"] = tenant
        document["error"] = _error_of(task, with_traceback) if task.error_code else None
        return document


def _error_of(task: Task, with_traceback: bool) -> dict[str, Any]:
    return {
        "code": task.error_code,
        "message": task.error_message,
        "exception_class": task.error_class,
        "traceback": (task.error_traceback or None) if with_traceback else None,
    }


@cache
def _members_of_the_row(model: type[TaskDocument]) -> tuple[str, ...]:
    return tuple(name for name in model.model_fields if name not in ("tenant", "error"))


class QueueDocument(ResponseModel):
    """A queue at a glance."""

    name: str
    strategy: str
    paused_at: datetime | None
    paused_by: str = Field(description="Who paused it last; empty where it is open, or was paused by SQL.")
    pause_reason: str
    paused_until: datetime | None = Field(description="When the pause ends by itself; null: when it is resumed.")
    counts: dict[str, int]
    oldest_wait_seconds: float | None
    live_workers: int
    unconfirmed_by: list[UUID] = Field(
        description="Live workers that may still start a task of it, although it is paused: they have not heard of it."
    )


class HeldTask(ResponseModel):
    """A task that a worker holds."""

    id: UUID
    type: str
    attempt: int
    started_at: datetime | None


class WorkerDocument(ResponseModel):
    """A worker process; one that leases over HTTP shows the id of its key as its cluster, and no pid."""

    id: UUID
    cluster_id: UUID
    host: str
    pid: int
    queues: list[str] | None = Field(description="Null: all that there are.")
    capabilities: dict[str, Any]
    release: str = Field(description="As its setting RELEASE names it; empty: it names none.")
    is_live: bool
    started_at: datetime
    heartbeat_at: datetime
    stop_asked_at: datetime | None = Field(description="When an operator asked it to end after what it runs.")
    stopped_at: datetime | None
    seconds_since_heartbeat: float
    tasks: list[HeldTask]
    last_hour: WorkerUsage

    @classmethod
    def of_rows(cls, rows: Sequence[WorkerRow]) -> list[Self]:
        """Needs an operator's scope."""
        done = worker_figures([row.worker.id for row in rows])
        return [
            cls.of(
                row.worker,
                tasks=row.tasks,
                is_live=row.is_live,
                seconds_since_heartbeat=row.seconds_since_heartbeat,
                last_hour=WorkerUsage.of_figures(done.get(row.worker.id)),
            )
            for row in rows
        ]


class ClusterDocument(ResponseModel):
    """A running `qcluster`."""

    id: UUID
    host: str
    pid: int
    status: str
    workers: int = Field(description="How many processes it has for them.")
    reincarnations: int = Field(description="How many of its processes were started again.")
    started_at: datetime
    heartbeat_at: datetime
    drain_asked_at: datetime | None = Field(description="When an operator asked it to finish and end.")

    @classmethod
    def of_cluster(cls, cluster: Cluster) -> Self:
        status = "draining" if cluster.drain_asked_at else str(cluster.stat.get("status", ""))
        counted = {
            "workers": len(cluster.stat.get("workers", [])),
            "reincarnations": cluster.stat.get("reincarnations", 0),
        }
        return cls.of(cluster, status=status, **counted)


def result_document(outcome: TransitionResult) -> dict[str, Any]:
    return {
        "id": outcome.task_id,
        "was": outcome.was,
        "status": outcome.status,
        "done": outcome.done,
        "reason": outcome.reason,
    }
