"""Submitting tasks one at a time or in bulk, and listing them."""

from typing import Annotated, Any, ClassVar

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.rest.admission import accept
from queueapp.rest.documents import document_of
from queueapp.rest.submission import submit_one, submit_several
from queueapp.rest.toolkit.idempotency import identity_of
from queueapp.rest.toolkit.pagination import PageForm, page
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView, Form
from queueapp.rest.visibility import visible_tasks
from queueapp.tasks.filters import TaskFilter


class TaskListForm(TaskFilter, PageForm):
    """The filters of a list of tasks, and its pages."""


class BulkForm(Form):
    """Several tasks, accepted all or none."""

    tasks: Annotated[list[Any], Field(min_length=1)]


class TaskList(ApiView):
    """The tasks that the principal may see, and the submission of one."""

    rights: ClassVar = {"GET": Right.TASKS_READ, "POST": Right.TASKS_SUBMIT}

    def get(self, request: Request) -> Response:
        form = self.query(TaskListForm)
        with self.principal.scope():
            tasks = form.narrow(visible_tasks(self.principal))
            return Response(page(request, tasks, form, lambda task: document_of(task, self.principal)))

    def post(self, request: Request) -> Response:
        members = self.members()
        return submit_one(request, self.principal, members)


class TaskBulk(ApiView):
    """Several tasks in one request, which counts once."""

    rights: ClassVar = {"POST": Right.TASKS_SUBMIT}

    def post(self, request: Request) -> Response:
        items = self.body(BulkForm).tasks
        answer = accept(self.principal, identity_of(request), lambda: (submit_several(self.principal, items), None))
        return answer.response()
