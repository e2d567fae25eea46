"""Turning the body of a request into tasks."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from queueapp import tasks
from queueapp.errors import FieldError
from queueapp.rest.admission import accept, check_allowed
from queueapp.rest.documents import document_of
from queueapp.rest.toolkit.errors import BatchTooLarge
from queueapp.rest.toolkit.idempotency import identity_of
from queueapp.rest.toolkit.long_poll import completion_watcher, waiting_slot, wanted_seconds
from queueapp.rest.toolkit.permissions import Principal
from queueapp.rest.visibility import find_task, find_tasks

Work = Callable[[], tuple[dict[str, Any], UUID]]


def submit_one(request: Request, principal: Principal, members: dict[str, Any]) -> Response:
    """Accept one task, waiting for its end where the client prefers to."""
    check_allowed(principal, [members.get("type")], path="type")
    return accept_and_wait(request, principal, lambda: submit_checked(principal, members))


def accept_and_wait(request: Request, principal: Principal, work: Work) -> Response:
    """Accept work that is a task. A place to wait is taken first, so that nothing is accepted and then refused."""
    seconds = wanted_seconds(request)
    with waiting_slot(seconds):
        answer = accept(principal, identity_of(request), work)
        response = answer.response()
        if seconds and answer.task_id:
            completion_watcher.wait(answer.task_id, seconds)
            with principal.own_scope():
                response.data = document_of(find_task(principal, answer.task_id), principal)
            response.headers["Preference-Applied"] = f"wait={seconds}"
    return response


def submit_several(principal: Principal, items: list[Any]) -> dict[str, Any]:
    """Submit all or none. Raises InvalidTask naming every bad item."""
    most = principal.limits.max_batch_size
    if len(items) > most:
        message = f"must hold at most {most} tasks, not {len(items)}"
        raise BatchTooLarge(f"tasks: {message}", errors=[FieldError("tasks", BatchTooLarge.code, message)])
    check_allowed(principal, [item.get("type") if isinstance(item, dict) else None for item in items])
    with principal.own_scope():
        ids = tasks.submit_many(items)
        found = find_tasks(principal, ids)
    return {"tasks": [document_of(found[task_id], principal) for task_id in ids]}


def submit_checked(principal: Principal, members: dict[str, Any]) -> tuple[dict[str, Any], UUID]:
    """Submit one task and return it as a document, and its id. Raises InvalidTask naming each field."""
    if members.get("dedup"):  # it may be an earlier one, with artifacts
        with principal.own_scope():
            task = find_task(principal, tasks.submit_request(members).id)
    else:
        task = tasks.submit_request(members)
    return document_of(task, principal), task.id


def renamed(error: FieldError, prefix: str) -> FieldError:
    """The error with a shorter name for its field."""
    return FieldError(error.field.removeprefix(prefix), error.code, error.message)
