"""What the console says of a worker: its state in a word, what it holds, what it did, how slow it is beside others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any
from uuid import UUID

from queueapp import clock
from queueapp.models import Cluster, Worker
from queueapp.tasks import queries
from queueapp.tasks.queries import WorkerRow
from queueapp.tasks.statistics import WorkerFigures as Done
from queueapp.tasks.statistics import percentiles, worker_figures

HELD_SHOWN = 100
SILENT_SECONDS = 5.0  # a heartbeat comes each second
SLOW_TIMES = 3.0
LEAST_PEERS = 2
NOTHING = Done(0, 0, 0.0, None)
HOUR_MINUTES = 60.0

Kind = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldTask:
    """A task that a worker holds, since its claim."""

    id: UUID
    type: str
    attempt: int
    seconds: float


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """A worker as the console shows it. `cluster` is None where it is gone, and over HTTP.

    `times_slower` is its p95 of the last hour over the median of the live workers that serve the same; None where there
    are none to compare with.
    """

    row: WorkerRow
    cluster: Cluster | None
    held: list[HeldTask]
    done: Done
    times_slower: float | None

    @property
    def worker(self) -> Worker:
        return self.row.worker

    @property
    def is_over_http(self) -> bool:
        return self.worker.machine == Worker.OVER_HTTP

    @property
    def state(self) -> tuple[str, str]:
        """In a word, with the colour of its badge."""
        if not self.row.is_live:
            return ("ended", "cancelled") if self.worker.stopped_at else ("dead", "bad")
        if self.worker.stop_asked_at or (self.cluster and self.cluster.drain_asked_at):
            return "stopping", "warn"
        if self.row.seconds_since_heartbeat > SILENT_SECONDS:
            return "silent", "warn"
        return ("busy", "busy") if self.held else ("idle", "good")

    @property
    def per_minute(self) -> float:
        """The attempts that ended on it, over the last hour or as long as it lives."""
        minutes = (clock.now() - self.worker.started_at).total_seconds() / 60
        return self.done.attempts / min(HOUR_MINUTES, max(1.0, minutes))

    @property
    def failed_percent(self) -> float | None:
        return 100 * self.done.failures / self.done.attempts if self.done.attempts else None

    @property
    def p95(self) -> float | None:
        return percentiles(self.done.runs).p95

    @property
    def is_slow(self) -> bool:
        return self.times_slower is not None and self.times_slower >= SLOW_TIMES


def figures_of(rows: Sequence[WorkerRow]) -> list[WorkerFigures]:
    """Needs the platform's scope."""
    clusters = Cluster.objects.in_bulk({row.worker.cluster_id for row in rows})
    done = worker_figures([row.worker.id for row in rows])
    medians, now = _medians(rows, done), clock.now()
    return [
        WorkerFigures(
            row,
            clusters.get(row.worker.cluster_id),
            [_held(task, now) for task in row.tasks[:HELD_SHOWN]],
            done.get(row.worker.id, NOTHING),
            _ratio(_p95(row, done), medians.get(_kind(row.worker))),
        )
        for row in rows
    ]


def live_beside(worker_id: UUID) -> list[WorkerFigures]:
    """The worker, dead or alive, first, and then the live ones that it is compared with; empty if it is not known."""
    (own, others) = queries.worker_rows(ids=[worker_id]), queries.worker_rows()
    return figures_of([*own, *(row for row in others if row.worker.id != worker_id)]) if own else []


def _medians(rows: Sequence[WorkerRow], done: Mapping[UUID, Done]) -> dict[Kind, float]:
    """Of the p95 of live workers that serve the same, where several did something."""
    known: dict[Kind, list[float]] = {}
    for row in rows:
        if row.is_live and (p95 := _p95(row, done)) is not None:
            known.setdefault(_kind(row.worker), []).append(p95)
    return {kind: median(times) for kind, times in known.items() if len(times) > LEAST_PEERS}


def _kind(worker: Worker) -> Kind:
    """What it serves: workers of the same kind draw tasks of the same types."""
    categories = worker.capabilities.get("categories") or ["*"]
    return (*(worker.queues or ["*"]), "", *map(str, categories if isinstance(categories, list) else [categories]))


def _p95(row: WorkerRow, done: Mapping[UUID, Done]) -> float | None:
    return percentiles(done.get(row.worker.id, NOTHING).runs).p95


def _ratio(own: float | None, usual: float | None) -> float | None:
    return own / usual if own is not None and usual else None


def _held(task: dict[str, Any], now: datetime) -> HeldTask:
    seconds = (now - datetime.fromisoformat(task["started_at"])).total_seconds()
    return HeldTask(UUID(task["id"]), task["type"], task["attempt"], max(0.0, seconds))
