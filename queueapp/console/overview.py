"""The overview: what is wrong now, how much waits and runs, what became of the rest."""

from django.http import HttpRequest, HttpResponse

from queueapp.console.access import Access
from queueapp.console.pages import page, show
from queueapp.states import Status
from queueapp.tasks import queries


@page("", name="overview", title="Overview", model="task")
def overview(request: HttpRequest, access: Access) -> HttpResponse:
    counts = queries.status_counts()
    return show(request, access, "overview.html", {"counts": [(status, counts.get(status, 0)) for status in Status]})
