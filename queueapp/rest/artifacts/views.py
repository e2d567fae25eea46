"""The addresses of artifacts, for clients and admins."""

from functools import partial
from typing import Annotated, Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from pydantic import StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.artifacts import service
from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.models import Artifact
from queueapp.models.artifacts import ARTIFACT_TYPE_PATTERN
from queueapp.rest.artifacts.downloads import download
from queueapp.rest.artifacts.uploads import UploadForm, read_upload, store_upload
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.pagination import PageForm, page
from queueapp.rest.toolkit.permissions import Principal, Right
from queueapp.rest.toolkit.views import ApiView, Form, checked
from queueapp.rest.visibility import find_task
from queueapp.tasks.filters import SLACK, Moment, id_at


class ArtifactListForm(PageForm):
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
            artifacts = artifacts.filter(created_at__gt=self.created_after, id__gte=id_at(self.created_after - SLACK))
        if self.created_before:
            artifacts = artifacts.filter(created_at__lt=self.created_before, id__lt=id_at(self.created_before + SLACK))
        return artifacts


class ArtifactList(ApiView):
    """The artifacts that the principal may see, and the upload of one."""

    rights: ClassVar = {"GET": Right.ARTIFACTS_READ, "POST": Right.ARTIFACTS_WRITE}

    def get(self, request: Request) -> Response:
        form = self.query(ArtifactListForm)
        with self.principal.scope():
            return Response(page(request, form.narrow(visible_artifacts(self.principal)), form, artifact_document))

    def post(self, request: Request) -> Response:
        with UploadBuffer(self.principal.limits.task_max_artifact_bytes) as intake:
            form = checked(UploadForm, read_upload(request._request, intake), "body")
            with self.principal.scope():
                task = find_task(self.principal, form.task_id)
            claim = partial(self._claim, about=form.about, intake=intake)
            artifact = store_upload(task.tenant_id, task.id, intake, self.principal.scope, claim)
        if artifact is None:  # purged meanwhile
            raise NotVisible
        location = {"Location": f"/api/v1/artifacts/{artifact.id}"}
        return Response(artifact_document(artifact), status=201, headers=location)

    def _claim(self, reserved: service.PendingUpload, **details: Any) -> Artifact | None:
        with self.principal.scope():
            return service.claim(reserved, **details)


class ArtifactContent(ApiView):
    """The bytes of an artifact; its deletion."""

    rights: ClassVar = {"GET": Right.ARTIFACTS_READ, "DELETE": Right.ARTIFACTS_WRITE}

    def get(self, request: Request, artifact_id: UUID) -> HttpResponseBase:
        self.query(Form)
        with self.principal.scope():
            artifact = find_artifact(self.principal, artifact_id)
        return download(request._request, artifact)

    def delete(self, request: Request, artifact_id: UUID) -> Response:
        """The row at once; its object is left to the sweep."""
        with self.principal.scope():
            find_artifact(self.principal, artifact_id)
            visible_artifacts(self.principal).filter(id=artifact_id).delete()
        return Response(status=204)


class ArtifactMeta(ApiView):
    """What is known of an artifact besides its bytes."""

    rights: ClassVar = {"GET": Right.ARTIFACTS_READ}

    def get(self, request: Request, artifact_id: UUID) -> Response:
        self.query(Form)
        with self.principal.scope():
            return Response(artifact_document(find_artifact(self.principal, artifact_id)))


class TaskArtifacts(ApiView):
    """The artifacts of a task."""

    rights: ClassVar = {"GET": Right.ARTIFACTS_READ}

    def get(self, request: Request, task_id: UUID) -> Response:
        form = self.query(PageForm)
        with self.principal.scope():
            find_task(self.principal, task_id)
            artifacts = visible_artifacts(self.principal).filter(task_id=task_id)
            return Response(page(request, artifacts, form, artifact_document))


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


def artifact_document(artifact: Artifact) -> dict[str, Any]:
    """An artifact as the API shows it."""
    names = ("id", "task_id", "attempt", "type", "content_type", "size_bytes", "sha256", "metadata", "created_at")
    return {name: getattr(artifact, name) for name in names}
