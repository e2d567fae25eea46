"""Queues: whether they move, how much waits in them and for how long, and in which order it starts."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from queueapp.console.access import Access
from queueapp.console.audit_sentences import Sentence, sentence
from queueapp.console.pages import page, show
from queueapp.console.queue_figures import QueueFigures, queue_figures
from queueapp.models import Act, Task, TaskCount
from queueapp.states import Status
from queueapp.tasks.diagnosis import Reason, why
from queueapp.tasks.statistics import Figures, Percentiles, figures, percentiles

TENANTS_SHOWN = TYPES_SHOWN = 20
WINDOW = "1h"
ACTS_SHOWN = 10
ACTS = ("queue.add", "queue.pause", "queue.resume", "queue.strategy")


@dataclass(frozen=True, slots=True)
class TypeLine:
    """What became of a type's tasks in a queue, and how long they waited and ran."""

    type: str
    figures: Figures
    waits: Percentiles
    runs: Percentiles

    @property
    def failed_percent(self) -> float | None:
        return None if self.figures.failure_rate is None else 100 * self.figures.failure_rate


@page("queues", name="queues", title="Queues", model="queue", own_scopes=True)
def queue_list(request: HttpRequest, access: Access) -> HttpResponse:
    return show(request, access, "queues.html", {"queues": queue_figures(access)})


@page("queues/<str:queue>", name="queue", title="Queue", model="queue", own_scopes=True)
def queue_page(request: HttpRequest, access: Access, queue: str) -> HttpResponse:
    found = find(access, queue)
    context: dict[str, Any] = {"queue": found, "title": queue, "reasons": _why_the_oldest_waits(access, found)}
    with access.open():
        context["types"] = _types_in(access, queue)
        if access.is_platform:
            context |= {"acts": _acts_on(queue), "waiting_by_tenant": _waiting_by_tenant(queue)}
    return show(request, access, "queue.html", context)


def find(access: Access, queue: str) -> QueueFigures:
    """Raises Http404 for a queue that does not exist, or that holds no task of the tenant."""
    for found in queue_figures(access):
        if found.name == queue:
            return found
    raise Http404("There is no such queue, or none of your tasks is in it.")


def _why_the_oldest_waits(access: Access, queue: QueueFigures) -> list[Reason]:
    if queue.row.oldest_task_id is None:
        return []
    with access.open():
        task = Task.objects.filter(id=queue.row.oldest_task_id).first()
    return why(task) if task is not None else []


def _types_in(access: Access, queue: str) -> list[TypeLine]:
    """The busiest types of the last hour first."""
    found = figures(WINDOW, tenant_id=None if access.is_platform else access.tenant_id)
    busiest = sorted(
        (each for each in found if each.queue == queue and each.figures.ended), key=lambda each: -each.figures.ended
    )
    return [
        TypeLine(each.type, each.figures, percentiles(each.figures.waits), percentiles(each.figures.runs))
        for each in busiest[:TYPES_SHOWN]
    ]


def _waiting_by_tenant(queue: str) -> list[tuple[str, int]]:
    """The slugs of those with the most tasks that wait, and how many."""
    waiting = TaskCount.objects.filter(queue=queue, status=Status.QUEUED, tasks__gt=0).order_by("-tasks")
    return list(waiting.values_list("tenant__slug", "tasks")[:TENANTS_SHOWN])


def _acts_on(queue: str) -> list[tuple[Act, Sentence]]:
    """What operators did to it, the newest first."""
    acts = Act.objects.filter(target=queue, action__in=ACTS).order_by("-id")[:ACTS_SHOWN]
    return [(act, sentence(act)) for act in acts]
