"""The list of tasks: what there is, narrowed, found, and acted upon."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from queueapp import clock
from queueapp.console.access import Access
from queueapp.console.finding import filter_named, tasks_by_digits
from queueapp.console.first_minutes import first_minutes
from queueapp.console.pages import page, show
from queueapp.console.task_acts import VERBS, Verb
from queueapp.console.task_pages import LARGE, PAGE_ROWS, Cursor, TaskPage, page_of
from queueapp.console.task_query import SPANS, TaskQuery
from queueapp.handlers import public_handlers
from queueapp.models import Queue, Task, Tenant
from queueapp.states import Status
from queueapp.tasks import queries
from queueapp.tasks.capable_workers import LiveWorkers, Wanted
from queueapp.tenancy import system_scope

MOST_NEW = 100
LONG_WAIT_SECONDS = 10
MOST_CHOICES = 200
TABS = (
    Status.QUEUED,
    Status.LEASED,
    Status.FAILED,
    Status.DEAD_LETTER,
    Status.SCHEDULED,
    Status.BLOCKED,
    Status.COMPLETED,
    Status.CANCELLED,
)
RARE = (Status.BLOCKED,)  # states that have a tab only while tasks are in them


@dataclass(frozen=True, slots=True)
class Tab:
    """A state to look at. `count` is None where the kept counters do not know, since more narrows the list."""

    status: Status | None
    address: str
    count: int | None
    is_current: bool


@dataclass(slots=True)
class Row:
    """A task in the list, and of one that waits long what is in its way."""

    task: Task
    waited: float | None
    ran: float | None
    why: str = ""

    @classmethod
    def of(cls, task: Task) -> Self:
        now = clock.now()
        return cls(task, queries.waited_seconds(task, now), queries.ran_seconds(task, now))

    @property
    def waits_long(self) -> bool:
        return self.task.status == Status.QUEUED and (self.waited or 0) >= LONG_WAIT_SECONDS


@page("tasks", name="tasks", title="Tasks", model="task", own_scopes=True)
def task_list(request: HttpRequest, access: Access) -> HttpResponse:
    with access.open():
        sought = request.GET.get("find", "").replace("\x00", "").strip()
        found = tasks_by_digits(sought, access)
        if sought and not found:
            return HttpResponseRedirect(TaskQuery(**filter_named(sought, access)).address(access))
        if len(found) == 1:
            return redirect("console:task", access.scope, found[0])
        query, cursor = TaskQuery.of(request, access), _cursor(request)
        listed = TaskPage(_by_ids(found)) if found else page_of(query, cursor, access)
        context = {**_rows(access, query, listed.tasks), **_around(access, query, cursor, listed), "sought": sought}
    _explain(context["rows"])
    is_first_time = not (listed.tasks or query.given or cursor or listed.searched_to)
    return show(request, access, "task_list.html", context | (first_minutes(request) if is_first_time else {}))


@page("tasks/rows", name="task_rows", title="Tasks", model="task", own_scopes=True)
def task_rows(request: HttpRequest, access: Access) -> HttpResponse:
    """The rows that a page shows as they are now, and how many are newer; no row comes or goes."""
    with access.open():
        query = TaskQuery.of(request, access)
        ids = [_id(text) for text in request.GET.get("ids", "").split(",")[:PAGE_ROWS] if text]
        shown = {task.pk: task for task in _by_ids(ids)}
        context = _rows(access, query, [shown[each] for each in ids if each in shown])
        if top := request.GET.get("top"):
            newest = Cursor(_id(top), newer=True)
            newer = page_of(query, newest, access, most=MOST_NEW)
            context |= {"new": len(newer.tasks), "are_more_new": newer.newer is not None}
    _explain(context["rows"])
    return show(request, access, "task_rows.html", {**context, "address": request.get_full_path()})


def _explain(rows: Sequence[Row]) -> None:
    """Say of those that wait long what is in their way. In no scope of the page: it looks across tenants."""
    if not any(row.waits_long for row in rows):
        return
    with system_scope("console"):
        paused = set(Queue.objects.filter(paused_at__isnull=False).values_list("name", flat=True))
        workers = LiveWorkers()
        for row in (row for row in rows if row.waits_long):
            wanted = Wanted(row.task.queue, row.task.type, row.task.requirements)
            if row.task.queue in paused:
                row.why = "Its queue is paused."
            elif not workers.can_take(wanted, row.task.tenant_id):
                row.why = "No live worker may take it."


def _cursor(request: HttpRequest) -> Cursor | None:
    """Raises BadRequest."""
    for name, newer in (("before", False), ("after", True)):
        if text := request.GET.get(name):
            return Cursor(_id(text), newer)
    return None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest(f"{text:.60} is not the id of a task") from None


def _by_ids(ids: Sequence[UUID]) -> list[Task]:
    """The newest first."""
    return list(Task.objects.select_related("tenant").defer(*LARGE).filter(pk__in=ids).order_by("-id"))


def _rows(access: Access, query: TaskQuery, tasks: Sequence[Task]) -> dict[str, Any]:
    """What renews itself: tabs, rows, and the acts that the state allows."""
    return {
        "tabs": _tabs(access, query),
        "rows": [Row.of(task) for task in tasks],
        "verbs": [verb for verb in VERBS.values() if _applies(verb, query)],
        "newest": query.address(access),
    }


def _applies(verb: Verb, query: TaskQuery) -> bool:
    return query.state is None or query.state in verb.allowed


def _tabs(access: Access, query: TaskQuery) -> list[Tab]:
    counts = _counts(query)
    address = {status: query.address(access, state=status, status=None) for status in TABS}
    tabs = [Tab(None, query.address(access, state=None, status=None), _sum(counts), query.state is None)]
    for status in TABS:
        count = None if counts is None else counts.get(status, 0)
        if status not in RARE or count or query.state == status:
            tabs.append(Tab(status, address[status], count, query.state == status))
    return tabs


def _sum(counts: dict[str, int] | None) -> int | None:
    return None if counts is None else sum(counts.values())


def _counts(query: TaskQuery) -> dict[str, int] | None:
    """From the counters, which are kept by tenant and queue; None where anything else narrows the list."""
    if query.given.keys() - {"state", "status", "queue", "tenant"}:
        return None
    if query.tenant_ids is None:
        return queries.status_counts(queue=query.queue)
    return queries.status_counts(queue=query.queue, tenant_id=query.tenant_ids[0]) if query.tenant_ids else {}


def _around(access: Access, query: TaskQuery, cursor: Cursor | None, listed: TaskPage) -> dict[str, Any]:
    """What stands beside the rows: the filters, other pages, and what renews the rows in place."""
    top = listed.tasks[0].pk.hex if listed.tasks and cursor is None else None
    ids = ",".join(task.pk.hex for task in listed.tasks)
    live = {**query.given, "ids": ids, **({"top": top} if top else {})}
    pages = (("before", listed.older), ("after", listed.newer), ("before", listed.searched_to))
    older, newer, further = (query.address(access, **{name: each.hex}) if each else None for name, each in pages)
    return {
        "query": query,
        "chips": [(name, value, query.address(access, **{name: None})) for name, value in query.given.items()],
        "live": reverse("console:task_rows", args=[access.scope], query=live) if ids else None,
        "older": older,
        "newer": newer,
        "further": further,
        "searched_to": listed.searched_to_moment,
        "bulk": query.for_bulk(),
        "spans": SPANS,
        **_choices(access),
    }


def _choices(access: Access) -> dict[str, Any]:
    tenants = Tenant.objects.order_by("slug").values_list("slug", flat=True)
    return {
        "types": [handler.type for handler in public_handlers()],
        "queues": _first(Queue.objects.values_list("name", flat=True)),
        "tenants": _first(tenants) if access.is_platform else [],
    }


def _first(names: QuerySet[Any, str]) -> list[str]:
    return list(names[:MOST_CHOICES])
