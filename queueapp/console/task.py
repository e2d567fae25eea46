"""The page of one task: what state it is in and why, what happened to it, and what it was given and made."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from queueapp import clock
from queueapp.console.access import Access
from queueapp.console.artifacts import artifacts_of
from queueapp.console.pages import page, show
from queueapp.console.task_acts import CANCEL, RETRY
from queueapp.console.task_story import attempts, spans
from queueapp.models import Task, TaskLog, Worker
from queueapp.redaction import masked, masked_text
from queueapp.rest.toolkit.mount import mounted_at
from queueapp.states import FINAL, Status
from queueapp.tasks import queries
from queueapp.tasks.diagnosis import Reason, why

MOST_ENTRIES = 1_000


@page("tasks/<uuid:task_id>", name="task", title="Task", model="task", own_scopes=True)
def task_page(request: HttpRequest, access: Access, task_id: UUID) -> HttpResponse:
    with access.open():
        task = found(task_id)
        entries = queries.latest_story(task_id, limit=MOST_ENTRIES)
        context = {
            **_story(task, entries, access),
            "is_source": Task.objects.filter(retried_from_id=task_id).exists(),
            **(_payloads(task) if access.sees_payloads else {}),
            "artifacts": artifacts_of(task) if access.sees_payloads else [],
        }
    verbs = [verb for verb in (RETRY, CANCEL) if task.status in verb.allowed]
    shown = {"task": task, "title": task.type, "reasons": _reasons(task), "verbs": verbs, **_facts(task)}
    return show(request, access, "task.html", {**context, **shown, "copies": _copies(request, task)})


def found(task_id: UUID) -> Task:
    """Raises Http404, where it is another tenant's as well. Needs a scope."""
    task = Task.objects.select_related("tenant").filter(pk=task_id).first()
    if task is None:
        raise Http404("There is no such task.")
    return task


def _reasons(task: Task) -> list[Reason]:
    """In no scope of the page: a diagnosis looks across tenants. Of what has ended, its state says enough."""
    return [reason for reason in why(task) if reason.code != "finished"]


def _facts(task: Task) -> dict[str, Any]:
    now = clock.now()
    return {
        "is_final": task.status in FINAL,
        "waited": queries.waited_seconds(task, now),
        "ran": queries.ran_seconds(task, now),
        "labels": masked(task.labels or [], task.secrets),
        "requirements": masked(task.requirements, task.secrets),
        "is_error": task.status in (Status.FAILED, Status.DEAD_LETTER),
    }


def _story(task: Task, entries: list[TaskLog], access: Access) -> dict[str, Any]:
    """What the log tells. Tracebacks show the operator's code, so they are for its people alone."""
    secrets = task.secrets
    tries = attempts(task, entries)
    for attempt in tries:
        attempt.message = masked_text(attempt.message, secrets)
        if not access.is_staff:
            attempt.traceback = ""
        for line in attempt.lines:
            line.message = masked_text(line.message, secrets)
            line.detail = masked(line.detail, secrets) if access.sees_payloads else None
    known = Worker.objects.in_bulk([each.worker_id for each in tries if each.worker_id]) if access.is_platform else {}
    return {
        "attempts": [(attempt, known.get(attempt.worker_id)) for attempt in tries],
        "spans": spans(entries, clock.now()),
        "moves": [entry for entry in entries if entry.to_status is not None],
        "submitted_by": entries[0].actor if entries else "",
        "is_cut": len(entries) >= MOST_ENTRIES,
    }


def _payloads(task: Task) -> dict[str, Any]:
    names = ("params", "result", "progress")
    return {name: masked(getattr(task, name), task.secrets) for name in names}


def _copies(request: HttpRequest, task: Task) -> list[tuple[str, str]]:
    """What a button copies, with its words."""
    copies = [("id", str(task.pk)), ("command", f"python manage.py task {task.pk}")]
    if root := mounted_at():
        address = request.build_absolute_uri(f"{root}/tasks/{task.pk}")
        copies.append(("curl", f'curl -H "Authorization: Bearer $TASKRUNNER_CLIENT_KEY" {address}'))
    return copies
