"""Submission: from the body of a request to tasks, and the addresses at which tasks of one type are submitted."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from queueapp import tasks
from queueapp.errors import FieldError, InvalidTask
from queueapp.models import Task
from queueapp.rest.admission import admission, check_allowed
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.errors import InvalidRequest, UnknownType
from queueapp.rest.toolkit.long_poll import preferred_wait
from queueapp.rest.toolkit.permissions import Principal, Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.rest.visibility import TaskResponse, find_task, task_response

Submit = Callable[[dict[str, Any]], Task]

HEADERS = ("Idempotency-Key", "Prefer")
RATE = ("RateLimit", "RateLimit-Policy")
ACCEPTED = ResponseSpec(
    "Accepted, or the answer of the first time; after a wait, the task as it then is.",
    TaskResponse,
    ("Location", "Idempotent-Replayed", "Preference-Applied", *RATE),
)

# Declares an endpoint that submits one task.
submission_endpoint = partial(
    endpoint, right=Right.TASKS_SUBMIT, responses={202: ACCEPTED}, headers=HEADERS, errors=(409, 422)
)


def submit_one(request: Request, principal: Principal, members: dict[str, Any]) -> Response:
    """Submit a task that its tenant may submit, waiting for its end where the client prefers to."""
    check_allowed(principal, [members.get("type")], path="type")
    return accept_task(request, principal, members)


def accept_task(
    request: Request, principal: Principal, members: dict[str, Any], *, submit: Submit = tasks.submit_request
) -> Response:
    """As submit_one, for a task that every tenant may submit."""
    with preferred_wait(request) as wait:
        with admission(request, principal) as admitted:
            if not admitted.replayed:
                admitted.accept(*_submit(principal, members, submit))
        response = admitted.response(request)
        if admitted.task_id and wait.for_end_of(admitted.task_id):
            with principal.own_scope():
                response.data = task_response(find_task(principal, admitted.task_id), principal)
            response.headers["Preference-Applied"] = wait.granted
    return response


def _submit(principal: Principal, members: dict[str, Any], submit: Submit) -> tuple[dict[str, Any], UUID]:
    """The task and its id. Raises InvalidTask naming each field."""
    if members.get("dedup"):  # it may be an earlier one, with artifacts
        with principal.own_scope():
            task = find_task(principal, submit(members).id)
    else:
        task = submit(members)
    return task_response(task, principal), task.id


class TypedView(ApiView):
    """Base of the addresses at which tasks of one type are submitted: parameters are members, the rest is `options`."""

    def submit(self, request: Request, type: str) -> Response:
        """Accept the body as a task of the type."""
        params = self.members()
        options = params.pop("options", {})
        if not isinstance(options, dict) or {"type", "params"} & options.keys():
            message = "must be an object of options such as priority or run_at, without type and params"
            raise InvalidRequest(f"options {message}", errors=[FieldError("options", "not_options", message)])
        try:
            return submit_one(request, self.principal, {**options, "type": type, "params": params})
        except InvalidTask as error:
            if any(each.field == "type" and each.code == "unknown_type" for each in error.errors):
                raise UnknownType(f"There is no task type {type!r}: GET /task-types lists them.") from None
            raise InvalidTask([_as_sent(each, options) for each in error.errors], error.code) from None


@resource(
    "tasks/<slug:family>/<slug:operation>",
    tag="Tasks",
    parameters={
        "family": {"schema": {"maxLength": 100}, "example": "reports"},
        "operation": {"schema": {"maxLength": 99}, "example": "build"},
    },
)
class TypedTask(TypedView):
    """A task of the type `family.operation`."""

    @submission_endpoint(
        "Submit a task by its type's own address",
        details="A task of type `family.operation`. The parameters are the members of the body; everything else that "
        "a task may be given goes into its member `options`.",
        body=dict[str, Any],
    )
    def post(self, request: Request, family: str, operation: str) -> Response:
        return self.submit(request, f"{family}.{operation}")


def _as_sent(error: FieldError, options: dict[str, Any]) -> FieldError:
    """The error with its field's place in the body that was sent."""
    if error.field.startswith("params."):
        return FieldError(error.field.removeprefix("params."), error.code, error.message)
    place = f"options.{error.field}" if error.field.split(".")[0] in options else error.field
    return FieldError(place, error.code, error.message)
