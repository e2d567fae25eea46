"""The addresses of artifacts, for clients and admins."""

from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from pydantic import StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.artifacts import service
from queueapp.artifacts.service import PendingUpload
from queueapp.models import Artifact
from queueapp.models.artifacts import ARTIFACT_TYPE_PATTERN
from queueapp.rest.artifacts.downloads import DOWNLOADED, download, etag_of
from queueapp.rest.artifacts.storing import ArtifactResponse, received, store_upload
from queueapp.rest.artifacts.uploads import AS_FORM, EXAMPLE, UploadRequest
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.etags import CONDITIONS, check_preconditions
from queueapp.rest.toolkit.mount import api_root
from queueapp.rest.toolkit.pagination import Page, PageQuery, page
from queueapp.rest.toolkit.permissions import Principal, Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.rest.visibility import find_task
from queueapp.tasks.filters import SLACK, Moment, id_at


class ArtifactListQuery(PageQuery):
    """Which artifacts."""

    type: Annotated[str, StringConstraints(pattern=ARTIFACT_TYPE_PATTERN)] | None = None
    task_id: UUID | None = None
    created_after: Moment | None = None
    created_before: Moment | None = None

    def narrow(self, artifacts: "QuerySet[Artifact]") -> "QuerySet[Artifact]":
        if self.type:
            artifacts = artifacts.filter(type=self.type)
        if self.task_id:
            artifacts = artifacts.filter(task_id=self.task_id)
        if self.created_after:
            artifacts = artifacts.filter(created_at__gte=self.created_after, id__gte=id_at(self.created_after - SLACK))
        if self.created_before:
            artifacts = artifacts.filter(created_at__lt=self.created_before, id__lt=id_at(self.created_before + SLACK))
        return artifacts


LISTED = ResponseSpec("A page.", Page[ArtifactResponse])


@resource("artifacts", tag="Artifacts")
class ArtifactList(ApiView):
    """The artifacts that the principal may see, and the upload of one."""

    @endpoint("List artifacts, the newest first", right=Right.ARTIFACTS_READ, responses={200: LISTED})
    def get(self, request: Request, query: ArtifactListQuery) -> Response:
        with self.principal.scope():
            artifacts = query.narrow(visible_artifacts(self.principal))
            return Response(page(request, artifacts, query, ArtifactResponse.of_artifact))

    @endpoint(
        "Store an artifact of a task",
        right=Right.ARTIFACTS_WRITE,
        responses={
            201: ResponseSpec(
                "It is stored, or the answer of the first time.", ArtifactResponse, ("Location", "Idempotent-Replayed")
            )
        },
        details=f"The content may have `task_max_artifact_mb` of GET /limits. {AS_FORM}",
        body=UploadRequest,
        headers=("Idempotency-Key",),
        errors=(404, 422),
        example={"task_id": "00000000-0000-7000-8000-000000000000", **EXAMPLE},
    )
    def post(self, request: Request) -> Response:
        with received(request, self.principal, UploadRequest) as upload:
            with self.principal.scope():
                task = find_task(self.principal, upload.body.task_id)

            def claim(reserved: PendingUpload) -> Artifact:
                with self.principal.scope():
                    artifact = service.claim(reserved, upload.body.description, upload.buffer)
                if artifact is None:  # purged meanwhile
                    raise NotVisible
                return artifact

            stored = store_upload(self.principal, task.tenant_id, task.id, upload, self.principal.scope, claim)
        headers = {"Location": f"{api_root(request)}/artifacts/{stored.answer['id']}", **stored.headers}
        return Response(stored.answer, status=201, headers=headers)


@resource("artifacts/<uuid:artifact_id>", tag="Artifacts")
class ArtifactContent(ApiView):
    """The bytes of an artifact; its deletion."""

    @endpoint(
        "Download an artifact",
        right=Right.ARTIFACTS_READ,
        responses=DOWNLOADED,
        details="Its SHA-256 is its ETag. Types that a browser might run come as `application/octet-stream`.",
        headers=("Range", "If-None-Match"),
        errors=(410, 416),
    )
    def get(self, request: Request, artifact_id: UUID) -> HttpResponseBase:
        with self.principal.scope():
            artifact = find_artifact(self.principal, artifact_id)
        return download(request._request, artifact)

    @endpoint(
        "Delete an artifact",
        right=Right.ARTIFACTS_WRITE,
        responses={204: ResponseSpec("It is gone.")},
        headers=CONDITIONS,
    )
    def delete(self, request: Request, artifact_id: UUID) -> Response:
        """The row at once; its object is left to the sweep."""
        with self.principal.scope():
            check_preconditions(request, etag_of(find_artifact(self.principal, artifact_id)))
            visible_artifacts(self.principal).filter(id=artifact_id).delete()
        return Response(status=204)


@resource("artifacts/<uuid:artifact_id>/meta", tag="Artifacts")
class ArtifactMeta(ApiView):
    """What is known of an artifact besides its bytes."""

    @endpoint(
        "Look at an artifact without its bytes",
        right=Right.ARTIFACTS_READ,
        responses={200: ResponseSpec("What is known of it.", ArtifactResponse)},
    )
    def get(self, request: Request, artifact_id: UUID) -> Response:
        with self.principal.scope():
            return Response(ArtifactResponse.of_artifact(find_artifact(self.principal, artifact_id)))


@resource("tasks/<uuid:task_id>/artifacts", tag="Artifacts")
class TaskArtifacts(ApiView):
    """The artifacts of a task."""

    @endpoint(
        "List a task's artifacts, the newest first",
        right=Right.ARTIFACTS_READ,
        responses={200: LISTED},
        errors=(405,),
    )
    def get(self, request: Request, task_id: UUID, query: PageQuery) -> Response:
        with self.principal.scope():
            find_task(self.principal, task_id)
            artifacts = visible_artifacts(self.principal).filter(task_id=task_id)
            return Response(page(request, artifacts, query, ArtifactResponse.of_artifact))


def visible_artifacts(principal: Principal) -> "QuerySet[Artifact]":
    """Those of the principal's tenant; for an admin who names none, all. Call it in the principal's scope."""
    wanted = principal.sees_tenant
    return Artifact.objects.all() if wanted is None else Artifact.objects.filter(tenant_id=wanted)


def find_artifact(principal: Principal, artifact_id: UUID) -> Artifact:
    """Raises NotVisible, whether the id is another tenant's or nobody's."""
    artifact = visible_artifacts(principal).filter(id=artifact_id).first()
    if artifact is None:
        raise NotVisible("artifact")
    return artifact
