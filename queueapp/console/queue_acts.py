"""What operators do to a queue: pause it, resume it, change the order in which its tasks start."""

from functools import partial

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.urls import reverse

from queueapp.console.access import Access
from queueapp.console.confirm import UtcMoment, ask, is_done, sent
from queueapp.console.pages import act
from queueapp.console.queue_figures import EFFECTS, QueueFigures
from queueapp.console.queues import find
from queueapp.models import Queue, TaskCount
from queueapp.operators import service
from queueapp.operators.pauses import MOST_CHARACTERS, await_pause
from queueapp.states import Status


class PauseForm(forms.Form):
    reason = forms.CharField(
        required=False, max_length=MOST_CHARACTERS, help_text="Shown wherever the queue is, also to tenants."
    )
    until = UtcMoment(required=False, label="Until, in UTC", help_text="Then it is resumed by itself.")


class StrategyForm(forms.Form):
    strategy = forms.ChoiceField(label="Order", choices=Queue.Strategy.choices)


@act("queues/<str:queue>/pause", name="pause_queue", title="Pause a queue", model="queue", platform_only=True)
def pause(request: HttpRequest, access: Access, queue: str) -> HttpResponse:
    figures, form = find(access, queue), PauseForm(sent(request))
    if is_done(form, lambda: service.pause_queue(queue, **form.cleaned_data)):
        messages.success(request, f"{queue} is paused. What runs goes on.")
        transaction.on_commit(partial(_tell_what_may_start, request, queue))
        return _to_queue(access, queue)
    touches = [*_in_words(figures), "What waits stays, and what is submitted meanwhile waits too. What runs goes on."]
    if figures.row.paused_at is not None:
        touches.append("It is paused already: the reason and the end are replaced.")
    return _ask(request, access, figures, form, f"Pause {queue}", touches, "Pause")


@act("queues/<str:queue>/resume", name="resume_queue", title="Resume a queue", model="queue", platform_only=True)
def resume(request: HttpRequest, access: Access, queue: str) -> HttpResponse:
    figures, form = find(access, queue), forms.Form(sent(request))
    if is_done(form, lambda: service.resume_queue(queue)):
        messages.success(request, f"{queue} is open: its tasks start again.")
        return _to_queue(access, queue)
    workers = f"{figures.row.live_workers} live workers serve it, and start within a second."
    return _ask(request, access, figures, form, f"Resume {queue}", [*_in_words(figures), workers], "Resume")


@act("queues/<str:queue>/order", name="set_strategy", title="Change the order", model="queue", platform_only=True)
def set_strategy(request: HttpRequest, access: Access, queue: str) -> HttpResponse:
    figures = find(access, queue)
    form = StrategyForm(sent(request), initial={"strategy": figures.row.strategy})
    if is_done(form, lambda: service.set_strategy(queue, form.cleaned_data["strategy"])):
        messages.success(request, f"{queue} starts its tasks in another order now: {form.cleaned_data['strategy']}.")
        return _to_queue(access, queue)
    effects = [f"{strategy.label}: {EFFECTS[strategy]}" for strategy in Queue.Strategy]
    return _ask(
        request, access, figures, form, f"Change the order of {queue}", [*_in_words(figures), *effects], "Change"
    )


def _in_words(figures: QueueFigures) -> list[str]:
    tenants = TaskCount.objects.filter(queue=figures.name, status=Status.QUEUED, tasks__gt=0).count()
    whose = f"{tenants} tenant{pluralize(tenants)}"
    return [f"Tasks that wait in {figures.name}: {figures.waiting}, of {whose}. Tasks that run: {figures.running}."]


def _ask(
    request: HttpRequest,
    access: Access,
    figures: QueueFigures,
    form: forms.Form,
    heading: str,
    touches: list[str],
    button: str,
) -> HttpResponse:
    back = reverse("console:queue", args=[access.scope, figures.name])
    return ask(request, access, form, heading=heading, touches=touches, button=button, back=back)


def _to_queue(access: Access, queue: str) -> HttpResponse:
    return redirect("console:queue", scope=access.scope, queue=queue)


def _tell_what_may_start(request: HttpRequest, queue: str) -> None:
    if unconfirmed := await_pause(queue):
        words = f"{len(unconfirmed)} workers have not confirmed the pause of {queue} yet and may still start a task."
        messages.warning(request, words)
