"""The overview: what is wrong now, how much waits and runs, what became of the rest."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from queueapp.console.access import Access
from queueapp.console.first_minutes import first_minutes
from queueapp.console.pages import page, show
from queueapp.console.queue_figures import queue_figures
from queueapp.console.settings import LimitRow, limit_rows, tenant_of
from queueapp.error_groups.queries import error_rows
from queueapp.states import Status
from queueapp.tasks import queries, statistics
from queueapp.tasks.alerts import alerts
from queueapp.tasks.statistics import WINDOWS, Percentiles, percentiles

ERRORS_SHOWN = 5
QUEUES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Activity:
    """The tries that ended in each span of a window, and how long they waited and ran."""

    window: str
    ended: list[int]
    failed: list[int]
    waits: Percentiles
    runs: Percentiles

    @property
    def in_words(self) -> str:
        return f"{sum(self.ended):,} tries ended in the last {self.window}, {sum(self.failed):,} of them failed"


@page("", name="overview", title="Overview", model="task", own_scopes=True)
def overview(request: HttpRequest, access: Access) -> HttpResponse:
    window = request.GET.get("window") or "1h"
    if window not in WINDOWS:
        raise BadRequest(f"window: must be one of {', '.join(WINDOWS)}")
    wrong = alerts(None if access.is_platform else access.tenant_id)
    queues = queue_figures(access)
    worrying = [queue for queue in queues if queue.needs_a_look]
    with access.open():
        counts = queries.status_counts()
        context: dict[str, Any] = {
            "alerts": wrong,
            "counts": [(status, counts.get(status, 0)) for status in Status],
            "activity": _activity(access, window),
            "windows": list(WINDOWS),
            "errors": error_rows("1h", state="open", limit=ERRORS_SHOWN),
            "queues": worrying[:QUEUES_SHOWN],
            "other_queues": len(queues) - len(worrying[:QUEUES_SHOWN]),
        }
        context |= _workers() if access.is_platform else {"limits": _used_limits(access)}
    if not counts:
        context |= first_minutes(request)
    return show(request, access, "overview.html", context)


def _activity(access: Access, window: str) -> Activity:
    tenant_id = None if access.is_platform else access.tenant_id
    spans = statistics.throughput(window, tenant_id=tenant_id)
    total = statistics.total(statistics.figures(window, tenant_id=tenant_id), window)
    return Activity(
        window,
        [span.completed + span.failed for span in spans],
        [span.failed for span in spans],
        percentiles(total.waits),
        percentiles(total.runs),
    )


def _workers() -> dict[str, int]:
    """How many live, and how many of them hold a task."""
    live = queries.live_worker_ids()
    return {"live_workers": len(live), "busy_workers": queries.busy_workers(live)}


def _used_limits(access: Access) -> list[LimitRow]:
    return [row for row in limit_rows(tenant_of(access)) if row.held is not None and row.used is not None]
