"""Artifacts of the task that an HTTP worker holds: it may read them all, and add its own."""

from functools import partial
from typing import ClassVar
from uuid import UUID

from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.artifacts import service
from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.models import Artifact
from queueapp.rest.artifacts.downloads import download
from queueapp.rest.artifacts.uploads import ContentForm, read_upload, store_upload
from queueapp.rest.artifacts.views import artifact_document
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.pagination import PageForm, page
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView, checked
from queueapp.rest.worker_api.attempts import HeldAttempt
from queueapp.rest.worker_api.schemas import LeaseForm
from queueapp.tenancy import worker_scope


class AttachForm(ContentForm, LeaseForm):
    """An artifact of the leased task, which the address names."""


class HeldArtifactsForm(PageForm, LeaseForm):
    """Which page, and by which lease."""


class HeldArtifacts(ApiView):
    """The artifacts of a leased task, and a further one."""

    rights: ClassVar = {"GET": Right.WORKER_RUN, "POST": Right.WORKER_RUN}

    def get(self, request: Request, task_id: UUID) -> Response:
        form = self.query(HeldArtifactsForm)
        held = HeldAttempt(self.principal, task_id, form)
        held.task()
        with worker_scope(held.worker_id):
            artifacts = Artifact.objects.filter(task_id=task_id)
            return Response(page(request, artifacts, form, artifact_document))

    def post(self, request: Request, task_id: UUID) -> Response:
        with UploadBuffer(self.principal.limits.task_max_artifact_bytes) as intake:
            form = checked(AttachForm, read_upload(request._request, intake), "body")
            held = HeldAttempt(self.principal, task_id, form)
            held.task()
            claim = partial(
                service.claim_for_worker, held.worker_id, held.attempt, description=form.about, intake=intake
            )
            scope = self.principal.own_scope
            artifact = store_upload(self.principal.tenant_id, task_id, intake, scope, claim)
        if artifact is None:
            held.refuse()
        return Response(artifact_document(artifact), status=201)


class HeldArtifact(ApiView):
    """The bytes of one."""

    rights: ClassVar = {"GET": Right.WORKER_RUN}

    def get(self, request: Request, task_id: UUID, artifact_id: UUID) -> HttpResponseBase:
        held = HeldAttempt(self.principal, task_id, self.query(LeaseForm))
        held.task()
        with worker_scope(held.worker_id):
            artifact = Artifact.objects.filter(task_id=task_id, id=artifact_id).first()
        if artifact is None:
            raise NotVisible("artifact")
        return download(request._request, artifact)
