"""Worker processes: what they are busy with, and having one end in good order. For admin keys."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.operators.workers import EndRequest, stop_worker
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.pagination import Page, whole_list
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.tasks import queries
from queueapp.tasks.serializers import WorkerDocument
from queueapp.validation import RequestModel


class WorkerListQuery(RequestModel):
    """Dead workers are left out unless asked for."""

    include_dead: bool = False


@resource("workers", tag="Platform")
class WorkerList(ApiView):
    """The newest workers."""

    @endpoint(
        "List workers and what they are busy with",
        right=Right.PLATFORM_READ,
        responses={200: ResponseSpec("The newest 200.", Page[WorkerDocument])},
    )
    def get(self, request: Request, query: WorkerListQuery) -> Response:
        with self.principal.scope():
            rows = queries.worker_rows(include_dead=query.include_dead)
            return Response(whole_list(WorkerDocument.of_rows(rows)))


@resource("workers/<uuid:worker_id>/stop", tag="Platform")
class WorkerStop(ApiView):
    """The end of a worker after what it runs."""

    @endpoint(
        "Have a worker end after what it runs",
        right=Right.PLATFORM_OPERATE,
        responses={202: ResponseSpec("It was asked to, and hears of it within a second.", WorkerDocument)},
        details="What it has claimed and not started goes back. Its supervisor starts a fresh one. A worker that "
        "leases over HTTP cannot be asked: 409.",
        errors=(404, 409),
        example={"reason": "its memory grows"},
    )
    def post(self, request: Request, worker_id: UUID, body: EndRequest) -> Response:
        with self.principal.scope():
            stop_worker(worker_id, body.reason)
            (shown,) = WorkerDocument.of_rows(queries.worker_rows(ids=[worker_id]))
            return Response(shown, status=202)
