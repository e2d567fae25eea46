"""Retry and cancel, of one task and of those that were ticked in the list. Each leaves a record of who did it."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from queueapp import tasks
from queueapp.console.access import Access
from queueapp.console.confirm import ask, sent
from queueapp.console.pages import act, show
from queueapp.models import Task
from queueapp.operators.acts import record_act
from queueapp.states import RETRYABLE, WAITING, Status
from queueapp.tasks import TransitionResult

MOST_TICKED = 200


@dataclass(frozen=True, slots=True)
class Verb:
    """An act on tasks. `past` completes "3 tasks …"."""

    name: str
    label: str
    past: str
    allowed: frozenset[Status]
    run: Callable[[Sequence[UUID]], list[TransitionResult]]


RETRY = Verb("retry", "Retry", "queued again", RETRYABLE, tasks.retry_many)
CANCEL = Verb("cancel", "Cancel", "cancelled or told to stop", WAITING | {Status.LEASED}, tasks.cancel_many)
VERBS = {verb.name: verb for verb in (RETRY, CANCEL)}


class ReasonForm(forms.Form):
    """Why something is done: it is kept in the record of the act."""

    reason = forms.CharField(max_length=500, strip=True, help_text="Kept in the audit, with your name.")

    def __init__(self, data: Any = None, *, required: bool) -> None:
        super().__init__(data)
        self.fields["reason"].required = required


@act("tasks/<uuid:task_id>/retry", name="retry", title="Retry a task", model="task")
def retry(request: HttpRequest, access: Access, task_id: UUID) -> HttpResponse:
    """Asks nothing: it can be taken back by a cancel."""
    return _on_one(request, access, RETRY, task_id)


@act("tasks/<uuid:task_id>/cancel", name="cancel", title="Cancel a task", model="task")
def cancel(request: HttpRequest, access: Access, task_id: UUID) -> HttpResponse:
    """Asks for a reason where the task runs: what it has done so far may be lost."""
    return _on_one(request, access, CANCEL, task_id)


def _on_one(request: HttpRequest, access: Access, verb: Verb, task_id: UUID) -> HttpResponse:
    found = Task.objects.select_related("tenant").filter(pk=task_id)
    if request.method == "POST":  # not claimed between the look at its state and the act
        found = found.select_for_update(of=("self",))
    task = found.first()
    if task is None:
        raise Http404("There is no such task.")
    runs = task.status == Status.LEASED
    back = reverse("console:task", args=[access.scope, task_id])
    form = ReasonForm(sent(request), required=verb is CANCEL and runs)
    if form.is_valid():
        perform(request, verb, [task], form.cleaned_data["reason"])
        return redirect(back)
    if task.status not in verb.allowed:
        messages.warning(request, f"It is {task.status}, so there is nothing to {verb.name}.")
        return redirect(back)
    touches = [f"One task of {task.tenant.slug}, {task.pk}, which is {task.status} in the queue {task.queue}."]
    if runs:
        touches.append("Its worker is asked to stop. What it has done so far may have to be done again.")
    heading = f"{verb.label} {task.type}"
    return ask(request, access, form, heading=heading, touches=touches, button=verb.label, back=back)


@act("tasks/ticked", name="ticked", title="Act on ticked tasks", model="task")
def ticked(request: HttpRequest, access: Access) -> HttpResponse:
    """The list posts what was ticked; the page says what that is, and posts it again with the reason."""
    verb = VERBS.get(request.POST.get("verb", ""), RETRY)
    found = Task.objects.select_related("tenant").filter(pk__in=_ids(request.POST.getlist("task")))
    concerned = list(found.only("type", "queue", "status", "tenant__slug", "labels")[:MOST_TICKED])
    is_confirmed = "confirmed" in request.POST
    form = ReasonForm(request.POST if is_confirmed else None, required=verb is CANCEL)
    if is_confirmed and concerned and form.is_valid():
        perform(request, verb, concerned, form.cleaned_data["reason"])
        return redirect("console:tasks", access.scope)
    allowed = [task for task in concerned if task.status in verb.allowed]
    shown = {"verb": verb, "tasks": concerned, "allowed": allowed, "form": form, "title": f"{verb.label} ticked tasks"}
    return show(
        request,
        access,
        "ticked.html",
        {**shown, "tenants": dict(sorted(Counter(task.tenant.slug for task in allowed).items()))},
    )


def _ids(texts: Sequence[str]) -> list[UUID]:
    """What is no id is left out: it names no task."""
    ids = []
    for text in texts[:MOST_TICKED]:
        try:
            ids.append(UUID(text))
        except ValueError:
            continue
    return ids


def perform(request: HttpRequest, verb: Verb, concerned: Sequence[Task], reason: str = "") -> None:
    """Run a verb on tasks, say what came of it, and leave a record of it for each tenant."""
    ids = sorted(task.pk for task in concerned)  # as every verb locks its rows in this order
    outcomes = {outcome.task_id: outcome for outcome in verb.run(ids)}
    for tenant_id in {task.tenant_id for task in concerned}:
        own = [outcomes[task.pk] for task in concerned if task.tenant_id == tenant_id]
        done = [str(outcome.task_id) for outcome in own if outcome.done]
        refused = Counter(outcome.reason for outcome in own if not outcome.done)
        target = str(own[0].task_id) if len(own) == 1 else f"{len(own)} tasks"
        why = {"reason": reason} if reason else {}
        record_act(tenant_id, f"task.{verb.name}", target, done=done, refused=dict(refused), **why)
    count = sum(outcome.done for outcome in outcomes.values())
    if count:
        messages.success(request, f"{count} {'task' if count == 1 else 'tasks'} {verb.past}.")
    for reason, number in Counter(each.reason for each in outcomes.values() if not each.done).most_common():
        messages.warning(request, f"{number} refused: {reason}.")
