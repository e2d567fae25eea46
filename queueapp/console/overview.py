"""The overview: what is wrong now, how much waits and runs, what became of the rest."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from queueapp.console.access import Access
from queueapp.console.first_minutes import first_minutes
from queueapp.console.pages import page, show
from queueapp.console.queue_figures import QueueFigures, queue_figures
from queueapp.console.settings import LimitRow, limit_rows, tenant_of
from queueapp.error_groups.queries import error_rows
from queueapp.states import Status
from queueapp.tasks import queries
from queueapp.tasks.alerts import alerts

ERRORS_SHOWN = 5
QUEUES_SHOWN = 10
ACTIVITY_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Activity:
    """The tries that ended in each minute of the last hour, and how long they waited and ran on average, in seconds."""

    ended: list[int]
    failed: list[int]
    mean_wait: float | None
    mean_run: float | None

    @property
    def in_words(self) -> str:
        return f"{sum(self.ended)} tries ended in the last hour, {sum(self.failed)} of them failed"


@page("", name="overview", title="Overview", model="task", own_scopes=True)
def overview(request: HttpRequest, access: Access) -> HttpResponse:
    wrong = alerts(None if access.is_platform else access.tenant_id)
    queues = queue_figures(access)
    worrying = [queue for queue in queues if queue.needs_a_look]
    with access.open():
        counts = queries.status_counts()
        context: dict[str, Any] = {
            "alerts": wrong,
            "counts": [(status, counts.get(status, 0)) for status in Status],
            "activity": _activity(queues),
            "errors": error_rows("1h", state="open", limit=ERRORS_SHOWN),
            "queues": worrying[:QUEUES_SHOWN],
            "other_queues": len(queues) - len(worrying[:QUEUES_SHOWN]),
        }
        context |= _workers() if access.is_platform else {"limits": _used_limits(access)}
    if not counts:
        context |= first_minutes(request)
    return show(request, access, "overview.html", context)


def _activity(queues: list[QueueFigures]) -> Activity:
    means: dict[str, dict[str, Any]] = {row["status"]: row for row in queries.recent_activity(minutes=ACTIVITY_MINUTES)}
    return Activity(
        [sum(minute) for minute in zip(*(queue.pace.ended for queue in queues), strict=True)],
        [sum(minute) for minute in zip(*(queue.pace.failed for queue in queues), strict=True)],
        means.get(Status.LEASED, {}).get("mean_wait_seconds"),
        means.get(Status.COMPLETED, {}).get("mean_run_seconds"),
    )


def _workers() -> dict[str, int]:
    """How many live, and how many of them hold a task."""
    live = queries.live_worker_ids()
    return {"live_workers": len(live), "busy_workers": queries.busy_workers(live)}


def _used_limits(access: Access) -> list[LimitRow]:
    return [row for row in limit_rows(tenant_of(access)) if row.held is not None and row.used is not None]
