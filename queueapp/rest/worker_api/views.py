"""The worker API: tasks are leased, kept and ended over HTTP."""

from functools import partial
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.claiming.http_workers import claim_for_tenant
from queueapp.db.statements import Row
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.rest.worker_api.attempts import HeldAttempt
from queueapp.rest.worker_api.long_poll import poll_until_found
from queueapp.rest.worker_api.registration import capabilities_of, register, worker_id_of
from queueapp.rest.worker_api.schemas import (
    ClaimRequest,
    ClaimResponse,
    CompleteRequest,
    FailRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    LeasedTask,
    LogLineRequest,
    ReleaseRequest,
    SettledResponse,
)
from queueapp.tenancy import worker_scope

TOKEN = {"lease_token": "1.worker"}

# Declares an endpoint that settles a leased task.
settling_endpoint = partial(
    endpoint, right=Right.WORKER_RUN, responses={200: ResponseSpec("It is settled.", SettledResponse)}, errors=(409,)
)


@resource("worker/claim", tag="Workers")
class Claim(ApiView):
    """The next tasks of the key's tenant that its capabilities match; waits for the first if asked to."""

    @endpoint(
        "Lease the next tasks",
        right=Right.WORKER_RUN,
        responses={200: ResponseSpec("What was leased, perhaps nothing.", ClaimResponse)},
        details="Of the key's own tenant, matching the key's capabilities, of one queue in the order of its strategy. "
        "A lease lives for 30 seconds unless it is renewed. An Idempotency-Key is not read: sent again, the request "
        "leases further tasks, and those of an answer that was lost are queued again when their lease ends.",
        example={"worker": "gpu-1", "max": 1, "wait_seconds": 20},
    )
    def post(self, request: Request, body: ClaimRequest) -> Response:
        worker_id = worker_id_of(self.principal, body.worker)
        capabilities = capabilities_of(self.principal)

        def poll() -> list[Row]:
            with worker_scope(worker_id):
                register(worker_id, self.principal, body.worker, capabilities)
                return claim_for_tenant(worker_id, self.principal.tenant_id, capabilities, body.max)

        leased = poll_until_found(poll, capabilities.queues, body.wait_seconds, request)
        tasks = [LeasedTask(**task, lease_token=f"{task['attempt']}.{body.worker}") for task in leased]
        return Response(ClaimResponse(tasks=tasks))


@resource("worker/tasks/<uuid:task_id>/heartbeat", tag="Workers")
class Heartbeat(ApiView):
    @endpoint(
        "Renew a lease and report progress",
        right=Right.WORKER_RUN,
        responses={200: ResponseSpec("The lease lives on.", HeartbeatResponse)},
        details="Every ten seconds or so. Beyond the task's hard limit the attempt is settled as a failure instead.",
        errors=(409,),
        example={**TOKEN, "progress": {"fraction": 0.5, "message": "half way"}},
    )
    def post(self, request: Request, task_id: UUID, body: HeartbeatRequest) -> Response:
        return Response(HeldAttempt(self.principal, task_id, body).heartbeat(body))


@resource("worker/tasks/<uuid:task_id>/log", tag="Workers")
class Log(ApiView):
    @endpoint(
        "Add a line to a task's log",
        right=Right.WORKER_RUN,
        responses={204: ResponseSpec("It is kept.")},
        errors=(409,),
        example={**TOKEN, "level": "info", "message": "page 3", "detail": {"items": 20}},
    )
    def post(self, request: Request, task_id: UUID, body: LogLineRequest) -> Response:
        HeldAttempt(self.principal, task_id, body).log(body)
        return Response(status=204)


@resource("worker/tasks/<uuid:task_id>/complete", tag="Workers")
class Complete(ApiView):
    @settling_endpoint("End a task with a result", example={**TOKEN, "result": {"ideas": 3}})
    def post(self, request: Request, task_id: UUID, body: CompleteRequest) -> Response:
        return Response(HeldAttempt(self.principal, task_id, body).complete(body.result))


@resource("worker/tasks/<uuid:task_id>/fail", tag="Workers")
class Fail(ApiView):
    @settling_endpoint(
        "End an attempt without one",
        details="With retries left the task is tried again, after `retry_after_seconds` or its type's own delay; with "
        "`retryable: false` it is dead at once.",
        example={**TOKEN, "code": "quota", "message": "try tomorrow", "retry_after_seconds": 3600},
    )
    def post(self, request: Request, task_id: UUID, body: FailRequest) -> Response:
        return Response(HeldAttempt(self.principal, task_id, body).fail(body))


@resource("worker/tasks/<uuid:task_id>/release", tag="Workers")
class Release(ApiView):
    @settling_endpoint(
        "Hand a task back",
        details="It is queued again and counts as no failure; a task that was to stop is cancelled.",
        example=TOKEN,
    )
    def post(self, request: Request, task_id: UUID, body: ReleaseRequest) -> Response:
        return Response(HeldAttempt(self.principal, task_id, body).release())
