"""Artifacts of the task that an HTTP worker holds: it may read them all, and add its own."""

from contextlib import AbstractContextManager
from uuid import UUID

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.artifacts import service
from queueapp.artifacts.service import PendingUpload
from queueapp.models import Artifact
from queueapp.rest.artifacts.downloads import DOWNLOADED, download
from queueapp.rest.artifacts.storing import ArtifactResponse, received, store_upload
from queueapp.rest.artifacts.uploads import AS_FORM, EXAMPLE, ContentRequest
from queueapp.rest.artifacts.views import LISTED
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.pagination import PageQuery, page
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.rest.worker_api.attempts import HeldAttempt
from queueapp.rest.worker_api.schemas import LeaseRequest
from queueapp.tenancy import Scope, worker_scope


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
            return Response(page(request, artifacts, query, ArtifactResponse.of_artifact))

    @endpoint(
        "Store an artifact of a leased task",
        right=Right.WORKER_RUN,
        responses={
            201: ResponseSpec(
                "It is stored, or the answer of the first time.", ArtifactResponse, ("Idempotent-Replayed",)
            )
        },
        details=AS_FORM,
        body=AttachRequest,
        headers=("Idempotency-Key",),
        errors=(409, 422),
        example={"lease_token": "1.worker", **EXAMPLE},
    )
    def post(self, request: Request, task_id: UUID) -> Response:
        with received(request, self.principal, AttachRequest) as upload:
            held = HeldAttempt(self.principal, task_id, upload.body)

            def claim(reserved: PendingUpload) -> Artifact:
                described = upload.body.description
                artifact = service.claim_for_worker(held.worker_id, held.attempt, reserved, described, upload.buffer)
                return artifact or held.refuse()

            def scope() -> AbstractContextManager[Scope]:
                held.task()
                return self.principal.own_scope()

            stored = store_upload(self.principal, self.principal.tenant_id, task_id, upload, scope, claim)
        return Response(stored.answer, status=201, headers=stored.headers)


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
