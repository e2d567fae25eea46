"""Worker processes: which live, what each runs and how fast, and which ended lately."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from queueapp.console.access import Access
from queueapp.console.pages import page, show
from queueapp.console.worker_figures import WorkerFigures, figures_of, live_beside
from queueapp.models import Worker
from queueapp.redaction import masked
from queueapp.tasks import queries

ENDED_SHOWN = 50


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
    found = live_beside(worker_id)
    if not found:
        raise Http404("There is no such worker. One that ended is forgotten after a day.")
    return found[0]


def serves(worker: Worker, queue: str) -> bool:
    return worker.queues is None or queue in worker.queues
