"""Queues: reading them, pausing and resuming. For admin keys."""

from django.urls import register_converter
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.operators import service
from queueapp.operators.pauses import PauseTerms, await_pause
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.pagination import Page, whole_list
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.tasks import queries
from queueapp.tasks.serializers import QueueDocument

NAME = "[a-z0-9][a-z0-9_.-]{0,63}"
PARAMETERS = {"name": {"schema": {"type": "string", "pattern": f"^{NAME}$"}, "example": "default"}}


class QueueNameConverter:
    """The part of an address that is the name of a queue."""

    regex = NAME

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(QueueNameConverter, "taskrunner_queue_name")


class QueueView(ApiView):
    """Base of what changes a queue."""

    def show(self, name: str, *, status: int = 200) -> Response:
        document = next(QueueDocument.of(row) for row in queries.queue_rows() if row.name == name)
        return Response(document, status=status)


@resource("queues", tag="Platform")
class QueueList(ApiView):
    """Every queue with its counts, its oldest wait and its live workers."""

    @endpoint(
        "List the queues",
        right=Right.PLATFORM_READ,
        responses={200: ResponseSpec("All of them.", Page[QueueDocument])},
    )
    def get(self, request: Request) -> Response:
        with self.principal.scope():
            return Response(whole_list([QueueDocument.of(row) for row in queries.queue_rows()]))


@resource("queues/<taskrunner_queue_name:name>/pause", tag="Platform", parameters=PARAMETERS)
class QueuePause(QueueView):
    """A pause: no task of the queue is started."""

    @endpoint(
        "Start nothing more of a queue",
        right=Right.PLATFORM_OPERATE,
        responses={
            200: ResponseSpec("It is paused: nothing of it starts any more. What runs goes on.", QueueDocument),
            202: ResponseSpec(
                "It is paused, but within five seconds the workers in `unconfirmed_by` have not confirmed that they "
                "start nothing more. Ask again, or look at the list of queues.",
                QueueDocument,
            ),
        },
        details="Of a queue that is paused already, the reason and the end are replaced.",
        example={"reason": "the encoder is broken", "until": "2035-01-31T12:00:00Z"},
    )
    def post(self, request: Request, name: str, body: PauseTerms) -> Response:
        with self.principal.scope():
            service.pause_queue(name, body.reason, body.until)
        unconfirmed = await_pause(name)
        with self.principal.scope():
            return self.show(name, status=202 if unconfirmed else 200)


@resource("queues/<taskrunner_queue_name:name>/resume", tag="Platform", parameters=PARAMETERS)
class QueueResume(QueueView):
    """The end of a pause."""

    @endpoint(
        "Claim of a queue again",
        right=Right.PLATFORM_OPERATE,
        responses={200: ResponseSpec("It is open.", QueueDocument)},
    )
    def post(self, request: Request, name: str) -> Response:
        with self.principal.scope():
            service.resume_queue(name)
            return self.show(name)
