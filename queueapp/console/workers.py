"""Worker processes: which live, what each runs and for how long, and which ended lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from queueapp import clock
from queueapp.console.access import Access
from queueapp.console.pages import page, show
from queueapp.models import Cluster, Worker
from queueapp.redaction import masked
from queueapp.tasks import queries
from queueapp.tasks.queries import WorkerRow

ENDED_SHOWN = 50
HELD_SHOWN = 100
SILENT_SECONDS = 5.0  # a heartbeat comes each second


@dataclass(frozen=True, slots=True)
class HeldTask:
    """A task that a worker holds, since its claim."""

    id: UUID
    type: str
    attempt: int
    seconds: float


@dataclass(frozen=True, slots=True)
class WorkerFigures:
    """A worker as the console shows it. `cluster` is None where it is gone, and over HTTP."""

    row: WorkerRow
    cluster: Cluster | None
    held: list[HeldTask]

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
        if self.row.seconds_since_heartbeat > SILENT_SECONDS:
            return "silent", "warn"
        return ("busy", "busy") if self.held else ("idle", "good")


@page("workers", name="workers", title="Workers", model="worker", platform_only=True)
def worker_list(request: HttpRequest, access: Access) -> HttpResponse:
    queue = request.GET.get("queue")
    alive = [row for row in queries.worker_rows() if queue is None or serves(row.worker, queue)]
    ended = [row for row in queries.worker_rows(include_dead=True) if not row.is_live] if queue is None else []
    context = {"workers": figures_of(alive), "ended": figures_of(ended[:ENDED_SHOWN]), "queue": queue}
    return show(request, access, "workers.html", context)


@page("workers/<uuid:worker_id>", name="worker", title="Worker", model="worker", platform_only=True)
def worker_page(request: HttpRequest, access: Access, worker_id: UUID) -> HttpResponse:
    figures = find(worker_id)
    context = {"figures": figures, "title": str(figures.worker), "capabilities": masked(figures.worker.capabilities)}
    return show(request, access, "worker.html", context)


def find(worker_id: UUID) -> WorkerFigures:
    """Raises Http404 for one that is not known, as one that ended more than a day ago."""
    found = figures_of(queries.worker_rows(ids=[worker_id]))
    if not found:
        raise Http404("There is no such worker. One that ended is forgotten after a day.")
    return found[0]


def figures_of(rows: Sequence[WorkerRow]) -> list[WorkerFigures]:
    clusters = Cluster.objects.in_bulk({row.worker.cluster_id for row in rows})
    now = clock.now()
    return [
        WorkerFigures(row, clusters.get(row.worker.cluster_id), [_held(task, now) for task in row.tasks[:HELD_SHOWN]])
        for row in rows
    ]


def serves(worker: Worker, queue: str) -> bool:
    return worker.queues is None or queue in worker.queues


def _held(task: dict[str, Any], now: datetime) -> HeldTask:
    seconds = (now - datetime.fromisoformat(task["started_at"])).total_seconds()
    return HeldTask(UUID(task["id"]), task["type"], task["attempt"], max(0.0, seconds))
