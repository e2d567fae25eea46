"""Bulk verbs: for all tasks that a filter selects, previewed by a dry run, done by a task that can be followed."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.models import Task
from queueapp.rest.submission import ACCEPTED, HEADERS, accept_task
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.idempotency import key_of
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.states import Status
from queueapp.tasks.bulk import BulkParams, FirstTries, Reason, Verb, as_task, submit_bulk
from queueapp.tasks.bulk_preview import MOST_COUNTED, Preview, preview
from queueapp.tasks.filters import TaskFilter
from queueapp.validation import NearMoment, Priority, RequestModel, ResponseModel

EXAMPLE = {"filter": {"type": "echo"}, "dry_run": True}
OF_REQUEST = {"dry_run", "again"}  # which the task that carries it out need not know


class BulkVerbRequest(RequestModel):
    """The filter must be there, though it may be empty: it then selects all of the tenant's tasks."""

    filter: TaskFilter
    dry_run: Annotated[bool, Field(strict=True)] = False
    as_of: NearMoment | None = Field(
        None,
        description="The moment that a dry run gave: tasks made later, and tasks to run again that failed later, are "
        "not touched. Null or left out: the moment of the submission.",
    )
    reason: Reason | None = Field(None, description="Kept with the task that carries it out.")
    again: Annotated[bool, Field(strict=True)] = Field(
        False, description="Carry it out although a task of the last minute does the same and has not ended."
    )


class BulkRerunRequest(BulkVerbRequest, FirstTries):
    """The same, and whether some of the tasks are tried before the others."""


class BulkReprioritiseRequest(BulkVerbRequest):
    """The same, with the new priority."""

    priority: Priority


class QueueShareResponse(ResponseModel):
    """How many tasks of a queue are concerned, and how many of the tenant's wait in it now and would afterwards."""

    queue: str
    count: int
    waiting_now: int
    waiting_after: int


class SampleResponse(ResponseModel):
    """One of the tasks concerned."""

    id: UUID
    type: str
    queue: str
    status: Status
    created_at: datetime


class DryRunResponse(ResponseModel):
    """What a verb would touch."""

    verb: Verb
    dry_run: bool
    count: int = Field(description=f"Counted no further than {MOST_COUNTED + 1:,}.")
    as_of: datetime = Field(description="To be sent with the request that carries it out.")
    queues: list[QueueShareResponse]
    sample: list[SampleResponse] = Field(description="At most 20 of the tasks.")

    @classmethod
    def of_preview(cls, verb: Verb, seen: Preview) -> "DryRunResponse":
        return cls(
            verb=verb,
            dry_run=True,
            count=seen.total,
            as_of=seen.as_of,
            queues=[QueueShareResponse.of(share) for share in seen.queues],
            sample=[SampleResponse.of(task) for task in seen.sample],
        )


bulk_endpoint = partial(
    endpoint,
    right=Right.TASKS_MANAGE,
    responses={200: ResponseSpec("What a dry run found.", DryRunResponse), 202: ACCEPTED},
    details="Carried out by a task of its own, which can be followed, and cancelled: what it has done by then stays "
    "done. Its `result` counts what it `changed`, what `refused` and why, and what has `failed_again`. The same verb "
    "and filter once more within a minute, while that task has not ended, is refused with 409 `bulk_under_way`, "
    "unless `again` is true.",
    headers=HEADERS,
    errors=(409, 422),
)


class BulkView(ApiView):
    """200 with a preview for a dry run, 202 with the task that carries the verb out."""

    def carry_out(self, request: Request, verb: Verb, body: BulkVerbRequest) -> Response:
        params = BulkParams(verb=verb, **{name: getattr(body, name) for name in body.model_fields_set - OF_REQUEST})
        if body.dry_run:
            key_of(request)  # of no use to a dry run, but refused where it is bad
            with self.principal.own_scope():
                seen = preview(params, tenant=self.principal.tenant_slug)
            return Response(DryRunResponse.of_preview(verb, seen))

        def submit(members: dict[str, Any]) -> Task:
            return submit_bulk(params, again=body.again)

        return accept_task(request, self.principal, as_task(params), submit=submit)


@resource("tasks/bulk/cancel", tag="Tasks")
class BulkCancel(BulkView):
    @bulk_endpoint("Cancel every task that a filter selects", example=EXAMPLE)
    def post(self, request: Request, body: BulkVerbRequest) -> Response:
        return self.carry_out(request, Verb.CANCEL, body)


@resource("tasks/bulk/retry", tag="Tasks")
class BulkRetry(BulkView):
    @bulk_endpoint("Queue every failed, dead or cancelled task that a filter selects", example=EXAMPLE)
    def post(self, request: Request, body: BulkRerunRequest) -> Response:
        return self.carry_out(request, Verb.RETRY, body)


@resource("tasks/bulk/redrive", tag="Tasks")
class BulkRedrive(BulkView):
    @bulk_endpoint("Queue every dead task that a filter selects", example=EXAMPLE)
    def post(self, request: Request, body: BulkRerunRequest) -> Response:
        return self.carry_out(request, Verb.REDRIVE, body)


@resource("tasks/bulk/reprioritise", tag="Tasks")
class BulkReprioritise(BulkView):
    @bulk_endpoint("Change the priority of every task that a filter selects", example={**EXAMPLE, "priority": 1})
    def post(self, request: Request, body: BulkReprioritiseRequest) -> Response:
        return self.carry_out(request, Verb.REPRIORITISE, body)
