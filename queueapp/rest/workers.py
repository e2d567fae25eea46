"""Worker processes and what they are busy with. For admin keys."""

from rest_framework.request import Request
from rest_framework.response import Response

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
