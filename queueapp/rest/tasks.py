"""One task: looking at it, its log and why it waits; cancelling, retrying and reprioritising it."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp import tasks
from queueapp.errors import TaskNotFound
from queueapp.models import Task
from queueapp.rest.documents import document_of, etag_of, log_document
from queueapp.rest.toolkit.etags import check_if_match, is_current
from queueapp.rest.toolkit.long_poll import completion_watcher, waiting_slot, wanted_seconds
from queueapp.rest.toolkit.pagination import MAX_LIMIT, address_with
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView, Form
from queueapp.rest.visibility import find_task, visible_tasks
from queueapp.states import Status
from queueapp.tasks import queries
from queueapp.tasks.diagnosis import why


class PriorityForm(Form):
    """What may be changed of a task."""

    priority: Annotated[int, Field(ge=1, le=10, strict=True)]


class LogForm(Form):
    """Which part of a task's log."""

    after: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = 100


class TaskView(ApiView):
    """A view of one task, which begins by finding it."""

    def find(self, task_id: UUID) -> Task:
        with self.principal.scope():
            return find_task(self.principal, task_id)

    def show(self, task: Task, status: int = 200) -> Response:
        return Response(document_of(task, self.principal), status=status, headers={"ETag": etag_of(task)})

    def cancel(self, task_id: UUID) -> Response:
        """200 once it is cancelled, 202 while its worker is being stopped."""
        with self.principal.scope():
            find_task(self.principal, task_id)
            tasks.cancel(task_id)
            task = find_task(self.principal, task_id)
            return self.show(task, 200 if task.status == Status.CANCELLED else 202)


class TaskDetail(TaskView):
    """The task itself."""

    rights: ClassVar = {"GET": Right.TASKS_READ, "PATCH": Right.TASKS_MANAGE, "DELETE": Right.TASKS_MANAGE}

    def get(self, request: Request, task_id: UUID) -> Response:
        self.query(Form)
        task, seconds = self.find(task_id), wanted_seconds(request)
        if seconds and task.finished_at is None:
            with waiting_slot(seconds):
                completion_watcher.wait(task_id, seconds)
            task = self.find(task_id)
        unchanged = is_current(request, etag_of(task))
        response = Response(status=304, headers={"ETag": etag_of(task)}) if unchanged else self.show(task)
        if seconds:
            response.headers["Preference-Applied"] = f"wait={seconds}"
        return response

    def patch(self, request: Request, task_id: UUID) -> Response:
        priority = self.body(PriorityForm).priority
        with self.principal.scope():
            task = visible_tasks(self.principal).select_for_update(of=("self",)).filter(id=task_id).first()
            if task is None:
                raise TaskNotFound(task_id)
            check_if_match(request, etag_of(task))
            tasks.reprioritise(task_id, priority)
            return self.show(find_task(self.principal, task_id))

    def delete(self, request: Request, task_id: UUID) -> Response:
        return self.cancel(task_id)


class TaskCancel(TaskView):
    """POST …/cancel, the same as DELETE."""

    rights: ClassVar = {"POST": Right.TASKS_MANAGE}

    def post(self, request: Request, task_id: UUID) -> Response:
        return self.cancel(task_id)


class TaskRetry(TaskView):
    """POST …/retry: queue a failed, dead or cancelled task again."""

    rights: ClassVar = {"POST": Right.TASKS_MANAGE}

    def post(self, request: Request, task_id: UUID) -> Response:
        with self.principal.scope():
            find_task(self.principal, task_id)
            tasks.retry(task_id)
            return self.show(find_task(self.principal, task_id))


class TaskLogs(TaskView):
    """What happened to the task, the oldest first; `after` is the id of the last entry that was seen."""

    rights: ClassVar = {"GET": Right.TASKS_READ}

    def get(self, request: Request, task_id: UUID) -> Response:
        form = self.query(LogForm)
        with self.principal.scope():
            find_task(self.principal, task_id)
            entries = queries.story(task_id, after=form.after, limit=form.limit + 1)
        shown = entries[: form.limit]
        following = address_with(request, after=str(shown[-1].id)) if len(entries) > form.limit else None
        results: list[dict[str, Any]] = [log_document(entry) for entry in shown]
        return Response({"results": results, "next": following, "previous": None})


class TaskWhy(TaskView):
    """What the task waits for, in codes and words."""

    rights: ClassVar = {"GET": Right.TASKS_READ}

    def get(self, request: Request, task_id: UUID) -> Response:
        task = self.find(task_id)
        return Response({"id": task.id, "status": task.status, "reasons": [each.as_dict() for each in why(task)]})
