"""The addresses of the worker API."""

from dataclasses import asdict
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.claiming.http_workers import Leased, claim_for_tenant
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.rest.worker_api.attempts import HeldAttempt
from queueapp.rest.worker_api.long_poll import poll_until_found
from queueapp.rest.worker_api.registration import capabilities_of, enter, worker_id_of
from queueapp.rest.worker_api.schemas import ClaimForm, CompleteForm, FailForm, HeartbeatForm, LogLineForm, ReleaseForm
from queueapp.tenancy import worker_scope


class WorkerView(ApiView):
    """A view for worker keys."""

    rights: ClassVar = {"POST": Right.WORKER_RUN}


class Claim(WorkerView):
    """Leases the next tasks of the key's tenant that its capabilities match, waiting for the first if asked to."""

    def post(self, request: Request) -> Response:
        form = self.body(ClaimForm)
        worker_id = worker_id_of(self.principal, form.worker)
        with worker_scope(worker_id):
            capabilities = capabilities_of(self.principal)

        def look() -> list[Leased]:
            with worker_scope(worker_id):
                enter(worker_id, self.principal, form.worker, capabilities)
                return claim_for_tenant(worker_id, self.principal.tenant_id, capabilities, form.max)

        leased = poll_until_found(look, capabilities.queues, form.wait_seconds, request)
        return Response({"tasks": [_document(task, form.worker) for task in leased]})


class Heartbeat(WorkerView):
    """Renews the lease of a task."""

    def post(self, request: Request, task_id: UUID) -> Response:
        form = self.body(HeartbeatForm)
        return Response(HeldAttempt(self.principal, task_id, form).heartbeat(form))


class Log(WorkerView):
    """Adds a line to the log of a leased task."""

    def post(self, request: Request, task_id: UUID) -> Response:
        form = self.body(LogLineForm)
        HeldAttempt(self.principal, task_id, form).log(form)
        return Response(status=204)


class Complete(WorkerView):
    """Ends a leased task with a result."""

    def post(self, request: Request, task_id: UUID) -> Response:
        form = self.body(CompleteForm)
        return Response(HeldAttempt(self.principal, task_id, form).complete(form.result))


class Fail(WorkerView):
    """Ends an attempt without one."""

    def post(self, request: Request, task_id: UUID) -> Response:
        form = self.body(FailForm)
        return Response(HeldAttempt(self.principal, task_id, form).fail(form))


class Release(WorkerView):
    """Hands a leased task back."""

    def post(self, request: Request, task_id: UUID) -> Response:
        return Response(HeldAttempt(self.principal, task_id, self.body(ReleaseForm)).release())


def _document(task: Leased, worker: str) -> dict[str, Any]:
    return {**asdict(task), "lease_token": f"{task.attempt}.{worker}"}
