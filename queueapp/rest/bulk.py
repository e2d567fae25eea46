"""Bulk verbs: for all tasks that a filter selects, counted by a dry run, carried out by a task that can be followed."""

from functools import partial
from typing import Annotated

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.rest.submission import ACCEPTED, HEADERS, accept_task
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.idempotency import key_of
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.tasks import submit_internal
from queueapp.tasks.bulk import BulkParams, Verb, as_task, concerned
from queueapp.tasks.filters import TaskFilter
from queueapp.validation import Priority, RequestModel, ResponseModel

EXAMPLE = {"filter": {"type": "echo"}, "dry_run": True}


class BulkVerbRequest(RequestModel):
    """The filter must be there, though it may be empty: it then selects all of the tenant's tasks."""

    filter: TaskFilter
    dry_run: Annotated[bool, Field(strict=True)] = False


class BulkReprioritiseRequest(BulkVerbRequest):
    """The same, with the new priority."""

    priority: Priority


class DryRunResponse(ResponseModel):
    """How many tasks a verb would reach."""

    verb: Verb
    dry_run: bool
    count: int


bulk_endpoint = partial(
    endpoint,
    right=Right.TASKS_MANAGE,
    responses={200: ResponseSpec("How many a dry run found.", DryRunResponse), 202: ACCEPTED},
    details="Carried out by a task of its own, which can be followed.",
    headers=HEADERS,
    errors=(409, 422),
)


class BulkView(ApiView):
    """200 with a count for a dry run, 202 with the task that carries the verb out."""

    def carry_out(self, request: Request, body: BulkVerbRequest, params: BulkParams) -> Response:
        if body.dry_run:
            key_of(request)  # of no use to a dry run, but refused where it is bad
            with self.principal.own_scope():
                count = concerned(params, self.principal.tenant_id).count()
            return Response(DryRunResponse(verb=params.verb, dry_run=True, count=count))
        return accept_task(request, self.principal, as_task(params), submit=submit_internal)


@resource("tasks/bulk/cancel", tag="Tasks")
class BulkCancel(BulkView):
    @bulk_endpoint("Cancel every task that a filter selects", example=EXAMPLE)
    def post(self, request: Request, body: BulkVerbRequest) -> Response:
        return self.carry_out(request, body, BulkParams(verb=Verb.CANCEL, filter=body.filter))


@resource("tasks/bulk/retry", tag="Tasks")
class BulkRetry(BulkView):
    @bulk_endpoint("Queue every failed, dead or cancelled task that a filter selects", example=EXAMPLE)
    def post(self, request: Request, body: BulkVerbRequest) -> Response:
        return self.carry_out(request, body, BulkParams(verb=Verb.RETRY, filter=body.filter))


@resource("tasks/bulk/redrive", tag="Tasks")
class BulkRedrive(BulkView):
    @bulk_endpoint("Queue every dead task that a filter selects", example=EXAMPLE)
    def post(self, request: Request, body: BulkVerbRequest) -> Response:
        return self.carry_out(request, body, BulkParams(verb=Verb.REDRIVE, filter=body.filter))


@resource("tasks/bulk/reprioritise", tag="Tasks")
class BulkReprioritise(BulkView):
    @bulk_endpoint("Change the priority of every task that a filter selects", example={**EXAMPLE, "priority": 1})
    def post(self, request: Request, body: BulkReprioritiseRequest) -> Response:
        params = BulkParams(verb=Verb.REPRIORITISE, filter=body.filter, priority=body.priority)
        return self.carry_out(request, body, params)
