"""Taking an artifact in: the body into an intake, however it is written; then object and row."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import IO, Any, cast
from uuid import UUID

from django.db import connections
from django.http import HttpRequest
from pydantic import Field

from queueapp.artifacts import object_store, service
from queueapp.artifacts.service import ArtifactDescription, ArtifactType, ContentType, Metadata
from queueapp.artifacts.upload_buffer import PIECE_BYTES, UploadBuffer
from queueapp.errors import ArtifactTooLarge, FieldError, TaskrunnerError
from queueapp.models import Artifact
from queueapp.rest.artifacts.form_body import read_form
from queueapp.rest.artifacts.streaming_json import OTHER_BYTES, read_json
from queueapp.rest.toolkit.errors import InvalidRequest, UnsupportedBody
from queueapp.rest.toolkit.views import Form


class ContentForm(Form):
    """An artifact as JSON. As multipart/form-data: the same fields, and the content as a part named `file`."""

    type: ArtifactType
    content_type: ContentType = "application/octet-stream"
    data_base64: str = Field(description="The content; may be as long as the largest artifact takes.")
    metadata: Metadata = Field({}, description="At most 16 KiB; `filename` becomes the name of the download.")

    @property
    def about(self) -> ArtifactDescription:
        return ArtifactDescription(type=self.type, content_type=self.content_type, metadata=self.metadata)


class UploadForm(ContentForm):
    """The same, with its task."""

    task_id: UUID


def read_upload(request: HttpRequest, intake: UploadBuffer) -> dict[str, Any]:
    """The members of a body; its content goes to the intake. Raises ApiError, ArtifactTooLarge."""
    connections.close_all()  # a client may take its time to send
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedBody("Send the body as it is: compressed ones are not read.")
    try:
        if request.content_type == "multipart/form-data":
            return read_form(request, intake)
        if request.content_type != "application/json":
            raise UnsupportedBody("Send JSON (`application/json`) or a form (`multipart/form-data`).")
        members = read_json(cast(IO[bytes], request), intake)
    except TaskrunnerError:
        _discard_rest(request, intake.limit)
        raise
    if not isinstance(members, dict):
        error = FieldError("body", "not_an_object", "must be a JSON object")
        raise InvalidRequest("The body must be a JSON object.", errors=[error])
    return members


def _discard_rest(request: HttpRequest, limit: int) -> None:
    """Up to twice what the largest body has: a client that is cut off while sending would not see the answer."""
    left = 2 * (limit * 4 // 3 + OTHER_BYTES)
    try:
        while left > 0 and (piece := request.read(PIECE_BYTES)):
            left -= len(piece)
    except OSError:
        return  # the client has gone


def store_upload(
    tenant_id: UUID,
    task_id: UUID,
    intake: UploadBuffer,
    scope: Callable[[], AbstractContextManager[Any]],
    claim: Callable[[service.PendingUpload], Artifact | None],
) -> Artifact | None:
    """Object, then row; holds no connection while the object is written. `scope` is one to write for the tenant in.

    None where the task is gone, or no longer held. Raises ArtifactTooLarge, StoreUnavailable.
    """
    with scope():
        reserved = service.reserve(tenant_id, task_id)
    if intake.size > reserved.limit_bytes:  # an admin's own tenant may have had a higher one
        raise ArtifactTooLarge(reserved.limit_bytes)
    connections.close_all()
    object_store.put(reserved.object_key, intake)
    artifact = claim(reserved)
    if artifact is None:
        connections.close_all()
        service.discard(reserved)
    return artifact
