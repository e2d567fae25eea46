"""Tasks: listing them, and submitting them one at a time or in bulk."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp import tasks
from queueapp.errors import FieldError
from queueapp.rest.admission import admission, check_allowed
from queueapp.rest.submission import RATE, submission_endpoint, submit_one
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.errors import BatchTooLarge
from queueapp.rest.toolkit.pagination import Page, PageQuery, page
from queueapp.rest.toolkit.permissions import Principal, Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.rest.visibility import TaskResponse, find_tasks, task_response, visible_tasks
from queueapp.tasks import TaskRequest
from queueapp.tasks.filters import TaskFilter
from queueapp.validation import RequestModel, ResponseModel

EXAMPLE = {"type": "echo", "params": {"greeting": "hello"}}


class TaskListQuery(TaskFilter, PageQuery):
    """The filters of a list of tasks, and its pages."""


# checked by what submits them, together; allOf, because Pydantic would look a bare reference up among its own models
TaskToSubmit = Annotated[Any, WithJsonSchema({"allOf": [{"$ref": "#/components/schemas/TaskRequest"}]})]


class BulkRequest(RequestModel):
    """Several tasks, accepted all or none."""

    tasks: Annotated[list[TaskToSubmit], Field(min_length=1)]


class BulkResponse(ResponseModel):
    """The accepted tasks, in the order of the request."""

    tasks: list[TaskResponse]


@resource("tasks", tag="Tasks", name="tasks")
class TaskList(ApiView):
    """The tasks that the principal may see, and the submission of one."""

    @endpoint(
        "List tasks, the newest first",
        right=Right.TASKS_READ,
        responses={200: ResponseSpec("A page.", Page[TaskResponse])},
    )
    def get(self, request: Request, query: TaskListQuery) -> Response:
        with self.principal.scope():
            found = query.narrow(visible_tasks(self.principal))
            return Response(page(request, found, query, lambda task: task_response(task, self.principal)))

    @submission_endpoint(
        "Submit a task",
        details="The schema of `params` depends on `type`: see the types below, or GET /task-types for declared ones "
        "too.",
        body=TaskRequest,
        example=EXAMPLE,
    )
    def post(self, request: Request) -> Response:
        members = self.members()
        return submit_one(request, self.principal, members)


@resource("tasks/bulk", tag="Tasks")
class TaskBulk(ApiView):
    """Several tasks in one request, which counts once."""

    @endpoint(
        "Submit several tasks, all or none",
        right=Right.TASKS_SUBMIT,
        responses={202: ResponseSpec("All were accepted.", BulkResponse, ("Idempotent-Replayed", *RATE))},
        headers=("Idempotency-Key",),
        errors=(409, 422),
        example={"tasks": [EXAMPLE]},
    )
    def post(self, request: Request, body: BulkRequest) -> Response:
        with admission(request, self.principal) as admitted:
            if not admitted.replayed:
                admitted.accept(_submit_all(self.principal, body.tasks))
        return admitted.response(request)


def _submit_all(principal: Principal, items: list[Any]) -> dict[str, Any]:
    """Submit all or none. Raises InvalidTask naming every bad item, BatchTooLarge."""
    limit = principal.limits.max_batch_size
    if len(items) > limit:
        message = f"must hold at most {limit} tasks, not {len(items)}"
        raise BatchTooLarge(f"tasks: {message}", errors=[FieldError("tasks", BatchTooLarge.code, message)])
    check_allowed(principal, [item.get("type") if isinstance(item, dict) else None for item in items])
    with principal.own_scope():
        ids = tasks.submit_many(items)
        found = find_tasks(principal, ids)
    return {"tasks": [task_response(found[task_id], principal) for task_id in ids]}
