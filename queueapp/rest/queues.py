"""The platform: queues, workers, and what was refused. For admin keys."""

from typing import Annotated, Any, ClassVar

from pydantic import StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.models import SecurityEvent
from queueapp.operators import service
from queueapp.rest.toolkit.pagination import PageForm, page
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView, Form
from queueapp.tasks import queries
from queueapp.tasks.filters import Moment
from queueapp.tasks.serializers import queue_document, worker_document
from queueapp.validation import Text


class QueueList(ApiView):
    """Every queue with its counts, its oldest wait and its live workers."""

    rights: ClassVar = {"GET": Right.PLATFORM_READ}

    def get(self, request: Request) -> Response:
        self.query(Form)
        with self.principal.scope():
            results = [queue_document(row) for row in queries.queue_rows()]
        return Response({"results": results, "next": None, "previous": None})


class QueuePause(ApiView):
    """Stop claiming of a queue; what runs goes on."""

    rights: ClassVar = {"POST": Right.PLATFORM_OPERATE}

    def post(self, request: Request, name: str) -> Response:
        with self.principal.scope():
            service.pause_queue(name)
            return Response(_queue(name))


class QueueResume(ApiView):
    """Claim of a queue again."""

    rights: ClassVar = {"POST": Right.PLATFORM_OPERATE}

    def post(self, request: Request, name: str) -> Response:
        with self.principal.scope():
            service.resume_queue(name)
            return Response(_queue(name))


class WorkerForm(Form):
    """Dead workers are left out unless asked for."""

    include_dead: bool = False


class WorkerList(ApiView):
    """Worker processes and what they are busy with."""

    rights: ClassVar = {"GET": Right.PLATFORM_READ}

    def get(self, request: Request) -> Response:
        form = self.query(WorkerForm)
        with self.principal.scope():
            results = [worker_document(row) for row in queries.worker_rows(include_dead=form.include_dead)]
        return Response({"results": results, "next": None, "previous": None})


class EventForm(PageForm):
    """Which refusals."""

    event: Annotated[Text, StringConstraints(min_length=1, max_length=50)] | None = None
    actor: Annotated[Text, StringConstraints(min_length=1, max_length=200)] | None = None
    after: Moment | None = None
    before: Moment | None = None


class SecurityEventList(ApiView):
    """What was refused, the newest first."""

    rights: ClassVar = {"GET": Right.PLATFORM_READ}

    def get(self, request: Request) -> Response:
        form = self.query(EventForm)
        events = SecurityEvent.objects.all()
        wanted = {"event": form.event, "actor": form.actor, "at__gt": form.after, "at__lt": form.before}
        events = events.filter(**{name: value for name, value in wanted.items() if value is not None})
        with self.principal.scope():
            if self.principal.names_tenant:
                events = events.filter(tenant_id=self.principal.tenant_id)
            return Response(page(request, events, form, _event_document))


def _event_document(event: SecurityEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in ("id", "at", "tenant_id", "actor", "event", "detail")}


def _queue(name: str) -> dict[str, Any]:
    return next(queue_document(row) for row in queries.queue_rows() if row.name == name)
