"""What a task left behind: a look at small ones, and the download of all. Only for those who may see payloads."""

import json
import re
from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from queueapp.artifacts import object_store
from queueapp.console.access import Access
from queueapp.console.pages import page, show
from queueapp.errors import StoreUnavailable
from queueapp.models import Artifact, Task
from queueapp.operators.acts import record_act
from queueapp.redaction import masked, masked_text
from queueapp.rest.artifacts.downloads import download
from queueapp.rest.toolkit.errors import ApiError

MOST_SHOWN = 200
MOST_PREVIEWED_BYTES = 65_536
TEXT = re.compile(r"(?:text/|application/(?:json|x-ndjson)(?:;|$))", re.I)


def artifacts_of(task: Task) -> Sequence[Artifact]:
    """The oldest first. Needs a scope."""
    return list(Artifact.objects.filter(task=task).order_by("id")[:MOST_SHOWN])


@page("artifacts/<uuid:artifact_id>", name="artifact", title="Artifact", model="task", own_scopes=True)
def artifact_page(request: HttpRequest, access: Access, artifact_id: UUID) -> HttpResponse:
    """Its description and, where it is small and text or a picture, what is in it."""
    artifact = _found(access, artifact_id, "artifact.view")
    shown = {
        "artifact": artifact,
        "metadata": masked(artifact.metadata, artifact.task.secrets),
        "text": _text(artifact),
        "is_picture": artifact.content_type == "image/png" and artifact.size_bytes <= MOST_PREVIEWED_BYTES,
    }
    return show(request, access, "artifact.html", shown)


@page("artifacts/<uuid:artifact_id>/file", name="artifact_file", title="Artifact", model="task", own_scopes=True)
def artifact_file(request: HttpRequest, access: Access, artifact_id: UUID) -> HttpResponseBase:
    """With the headers of the API: a file to save, never a page."""
    artifact = _found(access, artifact_id, "artifact.download")
    try:
        return download(request, artifact)
    except (ApiError, StoreUnavailable) as error:
        messages.error(request, str(error))
        return redirect("console:task", access.scope, artifact.task_id)


def _found(access: Access, artifact_id: UUID, action: str) -> Artifact:
    """Leaves a record where staff look, since they read other people's files. Raises Http404, PermissionDenied."""
    if not access.sees_payloads:
        raise PermissionDenied("Artifacts are payloads, which you may not see here.")
    with access.open():
        artifact = Artifact.objects.select_related("task").filter(pk=artifact_id).first()
        if artifact is None:
            raise Http404("There is no such artifact.")
        if access.is_staff:
            record_act(artifact.tenant_id, action, str(artifact_id))
    return artifact


def _text(artifact: Artifact) -> str | None:
    """Without secrets, and JSON indented. None for what is large, no text, or cannot be read now."""
    if artifact.size_bytes > MOST_PREVIEWED_BYTES or not TEXT.match(artifact.content_type):
        return None
    try:
        with object_store.open_object(artifact.object_key) as file:
            text = bytes(file.read(MOST_PREVIEWED_BYTES)).decode(errors="replace")
    except (OSError, StoreUnavailable):
        return None
    secrets = artifact.task.secrets
    if artifact.content_type.startswith("application/json"):
        try:
            return json.dumps(masked(json.loads(text), secrets), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            pass  # shown as it stands
    return masked_text(text, secrets)
