"""The artifacts of a task on its page, and their download."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from queueapp.errors import StoreUnavailable
from queueapp.models import Artifact, Task
from queueapp.operators.acts import record_act
from queueapp.rest.artifacts.downloads import download
from queueapp.rest.toolkit.errors import ApiError

DOWNLOAD = "queueapp_artifact_download"
MOST_SHOWN = 200


def artifacts_of(task: Task) -> Sequence[Artifact]:
    """The oldest first."""
    return list(Artifact.objects.filter(task=task).order_by("id")[:MOST_SHOWN])


def download_view(request: HttpRequest, artifact_id: UUID) -> HttpResponseBase:
    """With the headers of the API; leaves a record, since operators read other people's files here."""
    if not request.user.has_perm("queueapp.view_task"):
        raise PermissionDenied
    artifact = Artifact.objects.filter(pk=artifact_id).first()
    if artifact is None:
        raise Http404(f"No artifact {artifact_id}.")
    try:
        response = download(request, artifact)
    except (ApiError, StoreUnavailable) as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:queueapp_task_change", args=[artifact.task_id]))
    record_act(artifact.tenant_id, "artifact.download", str(artifact_id))
    return response
