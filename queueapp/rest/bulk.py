"""Verbs for all tasks that a filter selects: counted by a dry run, carried out by a task that can be followed."""

from typing import Annotated, ClassVar

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.rest.submission import accept_and_wait, submit_checked
from queueapp.rest.toolkit.idempotency import identity_of
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView, Form
from queueapp.tasks.bulk import BulkParams, Verb, as_task, concerned
from queueapp.tasks.filters import TaskFilter


class VerbForm(Form):
    """The filter must be there, though it may be empty: it then selects all of the tenant's tasks."""

    filter: TaskFilter
    dry_run: Annotated[bool, Field(strict=True)] = False


class ReprioritiseForm(VerbForm):
    """The same, with the new priority."""

    priority: Annotated[int, Field(ge=1, le=10, strict=True)]


class BulkVerb(ApiView):
    """POST /tasks/bulk/{verb}: 200 with a count for a dry run, 202 with the task that does it."""

    rights: ClassVar = {"POST": Right.TASKS_MANAGE}
    form: ClassVar[type[VerbForm]] = VerbForm

    def post(self, request: Request, verb: Verb) -> Response:
        form = self.body(self.form)
        params = BulkParams(verb=verb, filter=form.filter, priority=getattr(form, "priority", None))
        if form.dry_run:
            identity_of(request)  # of no use to a dry run, but refused where it is bad
            with self.principal.own_scope():
                count = concerned(params, self.principal.tenant_id).count()
            return Response({"verb": verb, "dry_run": True, "count": count})
        return accept_and_wait(request, self.principal, lambda: submit_checked(self.principal, as_task(params)))


class BulkReprioritise(BulkVerb):
    """The same for the verb that takes a priority."""

    form: ClassVar[type[VerbForm]] = ReprioritiseForm
