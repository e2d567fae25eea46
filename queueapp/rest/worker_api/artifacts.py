"""Artifacts of the task that an HTTP worker holds: it may read them all, and add its own."""

from uuid import UUID

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.artifacts import service
from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.models import Artifact
from queueapp.rest.artifacts.downloads import DOWNLOADED, download
from queueapp.rest.artifacts.uploads import AS_FORM, EXAMPLE, ContentRequest, read_upload, store_upload
from queueapp.rest.artifacts.views import LISTED, ArtifactResponse
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.pagination import PageQuery, page
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView, checked
from queueapp.rest.worker_api.attempts import HeldAttempt
from queueapp.rest.worker_api.schemas import LeaseRequest
from queueapp.tenancy import worker_scope


class AttachRequest(ContentRequest, LeaseRequest):
    """An artifact of the leased task, which the address names."""


class HeldArtifactsQuery(PageQuery, LeaseRequest):
    """Which page, and by which lease."""


@resource("worker/tasks/<uuid:task_id>/artifacts", tag="Workers")
class HeldArtifacts(ApiView):
    """The artifacts of a leased task, and a further one."""

    @endpoint(
        "List the artifacts of a leased task",
        right=Right.WORKER_RUN,
        responses={200: LISTED},
        errors=(409,),
    )
    def get(self, request: Request, task_id: UUID, query: HeldArtifactsQuery) -> Response:
        held = HeldAttempt(self.principal, task_id, query)
        held.task()
        with worker_scope(held.worker_id):
            artifacts = Artifact.objects.filter(task_id=task_id)
            return Response(page(request, artifacts, query, ArtifactResponse.of))

    @endpoint(
        "Store an artifact of a leased task",
        right=Right.WORKER_RUN,
        responses={201: ResponseSpec("It is stored.", ArtifactResponse)},
        details=AS_FORM,
        body=AttachRequest,
        errors=(409,),
        example={"lease_token": "1.worker", **EXAMPLE},
    )
    def post(self, request: Request, task_id: UUID) -> Response:
        with UploadBuffer(self.principal.limits.task_max_artifact_bytes) as buffer:
            body = checked(AttachRequest, read_upload(request._request, buffer), "body")
            held = HeldAttempt(self.principal, task_id, body)
            held.task()

            def claim(reserved: service.PendingUpload) -> Artifact | None:
                return service.claim_for_worker(held.worker_id, held.attempt, reserved, body.description, buffer)

            artifact = store_upload(self.principal.tenant_id, task_id, buffer, self.principal.own_scope, claim)
        if artifact is None:
            held.refuse()
        return Response(ArtifactResponse.of(artifact), status=201)


@resource("worker/tasks/<uuid:task_id>/artifacts/<uuid:artifact_id>", tag="Workers")
class HeldArtifact(ApiView):
    """The bytes of one."""

    @endpoint(
        "Download an artifact of a leased task",
        right=Right.WORKER_RUN,
        responses=DOWNLOADED,
        headers=("Range", "If-None-Match"),
        errors=(409, 410, 416),
    )
    def get(self, request: Request, task_id: UUID, artifact_id: UUID, query: LeaseRequest) -> HttpResponseBase:
        held = HeldAttempt(self.principal, task_id, query)
        held.task()
        with worker_scope(held.worker_id):
            artifact = Artifact.objects.filter(task_id=task_id, id=artifact_id).first()
        if artifact is None:
            raise NotVisible("artifact")
        return download(request._request, artifact)
