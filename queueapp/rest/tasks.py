"""One task: reading it, its log and why it waits; cancelling, retrying and reprioritising it."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp import tasks
from queueapp.errors import TaskNotFound
from queueapp.models import Task, TaskLog
from queueapp.redaction import masked
from queueapp.rest.admission import check_allowed
from queueapp.rest.submission import accept_task, submission_endpoint
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.etags import CONDITIONS, check_preconditions, is_conditional, is_current
from queueapp.rest.toolkit.long_poll import preferred_wait, wanted_seconds
from queueapp.rest.toolkit.pagination import MAX_LIMIT, Page, address_with
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.rest.visibility import TaskResponse, etag_of, find_task, task_response, visible_tasks
from queueapp.states import Status
from queueapp.tasks import queries
from queueapp.tasks.diagnosis import why
from queueapp.tasks.submit_again import Changes
from queueapp.validation import Priority, RequestModel, ResponseModel

SHOWN = ResponseSpec("The task.", TaskResponse, ("ETag",))


class PriorityRequest(RequestModel):
    """What may be changed of a task."""

    priority: Priority


class LogQuery(RequestModel):
    """Which part of a task's log."""

    after: Annotated[int, Field(ge=0, le=2**31)] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 100


class LogEntryResponse(ResponseModel):
    """A transition of a task, or a line that its worker logged; the id is its place in the log, which `after` takes."""

    id: int
    at: datetime
    kind: Literal["transition", "log"]
    level: str
    message: str
    reason: str
    from_status: Status | None
    to_status: Status | None
    attempt: int
    worker_id: UUID | None
    actor: str
    detail: Any = Field(
        description="Of a line, what its worker named beside it; of a failure, `exception_class` and, for admin keys, "
        "`traceback`."
    )
    run_seconds: float | None = Field(description="Of a move that ended an attempt: how long its handler ran.")


class Reason(BaseModel):
    """One thing that a task waits for; further members depend on the code."""

    model_config = ConfigDict(extra="allow")

    code: str
    message: str


class DiagnosisResponse(ResponseModel):
    """What a task waits for, the nearest first."""

    id: UUID
    status: Status
    reasons: list[Reason]


cancel_endpoint = partial(
    endpoint,
    "Cancel a task",
    right=Right.TASKS_MANAGE,
    responses={
        200: ResponseSpec("It is cancelled.", TaskResponse, ("ETag",)),
        202: ResponseSpec("Its worker is being stopped.", TaskResponse, ("ETag",)),
    },
    headers=CONDITIONS,
    errors=(409,),
)


class TaskView(ApiView):
    """A view of one task, which begins by finding it."""

    def find(self, task_id: UUID) -> Task:
        with self.principal.scope():
            return find_task(self.principal, task_id)

    def show(self, task: Task, status: int = 200) -> Response:
        return Response(
            task_response(task, self.principal, in_full=True), status=status, headers={"ETag": etag_of(task)}
        )

    def find_to_change(self, task_id: UUID) -> Task:
        """The task, locked where it is to stay the version that it is. Call it in the scope that changes it.

        Raises TaskNotFound, PreconditionFailed.
        """
        if not is_conditional(self.request):
            return find_task(self.principal, task_id)
        task = visible_tasks(self.principal).select_for_update(of=("self",)).filter(id=task_id).first()
        if task is None:
            raise TaskNotFound(task_id)
        check_preconditions(self.request, etag_of(task))
        return task

    def cancel(self, task_id: UUID) -> Response:
        """200 once it is cancelled, 202 while its worker is being stopped."""
        with self.principal.scope():
            self.find_to_change(task_id)
            tasks.cancel(task_id)
            task = find_task(self.principal, task_id)
            return self.show(task, 200 if task.status == Status.CANCELLED else 202)


@resource("tasks/<uuid:task_id>", tag="Tasks", name="task")
class TaskDetail(TaskView):
    """The task itself."""

    @endpoint(
        "Look at a task",
        right=Right.TASKS_READ,
        responses={
            200: ResponseSpec("The task.", TaskResponse, ("ETag", "Preference-Applied")),
            304: ResponseSpec("As you know it.", None, ("ETag",)),
        },
        details="With `Prefer: wait=N` the answer comes when the task has ended, at the latest after N (30) seconds.",
        headers=("Prefer", "If-None-Match"),
    )
    def get(self, request: Request, task_id: UUID) -> Response:
        task, seconds = self.find(task_id), wanted_seconds(request)
        if seconds and task.finished_at is None:
            with preferred_wait(request) as wait:
                wait.for_end_of(task_id)
            task = self.find(task_id)
        unchanged = is_current(request, etag_of(task))
        response = Response(status=304, headers={"ETag": etag_of(task)}) if unchanged else self.show(task)
        if seconds:
            response.headers["Preference-Applied"] = f"wait={seconds}"
        return response

    @endpoint(
        "Change a task's priority",
        right=Right.TASKS_MANAGE,
        responses={200: SHOWN},
        headers=CONDITIONS,
        errors=(409,),
        example={"priority": 10},
    )
    def patch(self, request: Request, task_id: UUID, body: PriorityRequest) -> Response:
        with self.principal.scope():
            self.find_to_change(task_id)
            tasks.reprioritise(task_id, body.priority)
            return self.show(find_task(self.principal, task_id))

    @cancel_endpoint()
    def delete(self, request: Request, task_id: UUID) -> Response:
        return self.cancel(task_id)


@resource("tasks/<uuid:task_id>/cancel", tag="Tasks")
class TaskCancel(TaskView):
    """The same as DELETE, for clients without it."""

    @cancel_endpoint()
    def post(self, request: Request, task_id: UUID) -> Response:
        return self.cancel(task_id)


@resource("tasks/<uuid:task_id>/retry", tag="Tasks")
class TaskRetry(TaskView):
    """Another start of a task that has ended badly or waits for its next try."""

    @endpoint(
        "Queue a failed, dead or cancelled task again",
        right=Right.TASKS_MANAGE,
        responses={200: SHOWN},
        headers=CONDITIONS,
        errors=(409,),
    )
    def post(self, request: Request, task_id: UUID) -> Response:
        with self.principal.scope():
            self.find_to_change(task_id)
            tasks.retry(task_id)
            return self.show(find_task(self.principal, task_id))


@resource("tasks/<uuid:task_id>/submit-again", tag="Tasks")
class TaskSubmitAgain(TaskView):
    """A new task made from this one, which stays as it is."""

    @submission_endpoint(
        "Submit a task again, with or without changes",
        details="The new task names the other in `retried_from_id`; GET /tasks?retried_from=… lists what was made of a "
        "task. An admin key acts for its own tenant, or for the one that it names.",
        example={"params": {"greeting": "hello again"}, "priority": 8},
    )
    def post(self, request: Request, task_id: UUID, body: Changes) -> Response:
        principal = self.principal
        with principal.own_scope():
            source = Task.objects.filter(id=task_id, tenant_id=principal.tenant_id).only("type").first()
        if source is None:
            raise NotVisible
        check_allowed(principal, [source.type], path="type")

        def submit(members: dict[str, Any]) -> Task:
            return tasks.submit_again(task_id, tenant_id=principal.tenant_id, **members)

        return accept_task(request, principal, body.model_dump(exclude_unset=True), submit=submit)


@resource("tasks/<uuid:task_id>/logs", tag="Tasks")
class TaskLogs(TaskView):
    """The log of a task; `after` is the id of the last entry that was seen."""

    @endpoint(
        "What happened to a task, the oldest first",
        right=Right.TASKS_READ,
        responses={200: ResponseSpec("A part of the log.", Page[LogEntryResponse])},
        errors=(405,),
    )
    def get(self, request: Request, task_id: UUID, query: LogQuery) -> Response:
        with self.principal.scope():
            find_task(self.principal, task_id)
            entries = queries.story(task_id, after=query.after, limit=query.limit + 1)
        shown = entries[: query.limit]
        following = address_with(request, after=str(query.after + len(shown))) if len(entries) > query.limit else None
        results = [
            LogEntryResponse.of(entry, id=place, detail=self._detail(entry))
            for place, entry in enumerate(shown, start=query.after + 1)
        ]
        return Response(Page(results=results, next=following, previous=None))

    def _detail(self, entry: TaskLog) -> Any:
        """A traceback shows the operator's code, so clients get none."""
        detail = masked(entry.detail)
        if entry.kind == TaskLog.Kind.TRANSITION and detail and not self.principal.is_admin:
            return {name: value for name, value in detail.items() if name != "traceback"}
        return detail


@resource("tasks/<uuid:task_id>/why", tag="Tasks")
class TaskWhy(TaskView):
    """The diagnosis of a task."""

    @endpoint(
        "What a task waits for",
        right=Right.TASKS_READ,
        responses={200: ResponseSpec("The reasons.", DiagnosisResponse)},
        errors=(405,),
    )
    def get(self, request: Request, task_id: UUID) -> Response:
        task = self.find(task_id)
        reasons = [Reason(**masked(each.as_dict(), task.secrets)) for each in why(task)]
        return Response(DiagnosisResponse(id=task.id, status=Status(task.status), reasons=reasons))
