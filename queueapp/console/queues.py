"""Queues: whether they move, how much waits in them and for how long, and in which order it starts."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from queueapp.console.access import Access
from queueapp.console.audit_sentences import Sentence, sentence
from queueapp.console.pages import page, show
from queueapp.console.queue_figures import QueueFigures, queue_figures
from queueapp.models import Act, Task, TaskCount
from queueapp.states import Status
from queueapp.tasks.diagnosis import Reason, why

TENANTS_SHOWN = 20
ACTS_SHOWN = 10
ACTS = ("queue.add", "queue.pause", "queue.resume", "queue.strategy")


@page("queues", name="queues", title="Queues", model="queue", own_scopes=True)
def queue_list(request: HttpRequest, access: Access) -> HttpResponse:
    return show(request, access, "queues.html", {"queues": queue_figures(access)})


@page("queues/<str:queue>", name="queue", title="Queue", model="queue", own_scopes=True)
def queue_page(request: HttpRequest, access: Access, queue: str) -> HttpResponse:
    figures = find(access, queue)
    context: dict[str, Any] = {"queue": figures, "title": queue, "reasons": _why_the_oldest_waits(access, figures)}
    if access.is_platform:
        with access.open():
            context |= {"acts": _acts_on(queue), "waiting_by_tenant": _waiting_by_tenant(queue)}
    return show(request, access, "queue.html", context)


def find(access: Access, queue: str) -> QueueFigures:
    """Raises Http404 for a queue that does not exist, or that holds no task of the tenant."""
    for figures in queue_figures(access):
        if figures.name == queue:
            return figures
    raise Http404("There is no such queue, or none of your tasks is in it.")


def _why_the_oldest_waits(access: Access, figures: QueueFigures) -> list[Reason]:
    if figures.row.oldest_task_id is None:
        return []
    with access.open():
        task = Task.objects.filter(id=figures.row.oldest_task_id).first()
    return why(task) if task is not None else []


def _waiting_by_tenant(queue: str) -> list[tuple[str, int]]:
    """The slugs of those with the most tasks that wait, and how many."""
    waiting = TaskCount.objects.filter(queue=queue, status=Status.QUEUED, tasks__gt=0).order_by("-tasks")
    return list(waiting.values_list("tenant__slug", "tasks")[:TENANTS_SHOWN])


def _acts_on(queue: str) -> list[tuple[Act, Sentence]]:
    """What operators did to it, the newest first."""
    acts = Act.objects.filter(target=queue, action__in=ACTS).order_by("-id")[:ACTS_SHOWN]
    return [(act, sentence(act)) for act in acts]
