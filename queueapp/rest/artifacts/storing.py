"""Storing an upload: an object, then its row, and both once for each Idempotency-Key."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from django.db import connections
from pydantic import Field
from rest_framework.request import Request

from queueapp.artifacts import object_store, service
from queueapp.artifacts.service import PendingUpload
from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.errors import ArtifactTooLarge, TaskrunnerError
from queueapp.models import Artifact
from queueapp.redaction import masked
from queueapp.rest.artifacts.uploads import ContentRequest, read_upload
from queueapp.rest.toolkit.idempotency import Execution, Identity, execution, find_replay, identity_of, key_of
from queueapp.rest.toolkit.permissions import Principal
from queueapp.rest.toolkit.views import checked
from queueapp.validation import ResponseModel

Body = TypeVar("Body", bound=ContentRequest)


class ArtifactResponse(ResponseModel):
    """What a task left behind, without the bytes."""

    id: UUID
    task_id: UUID
    attempt: int = Field(description="The task's, when it was stored.")
    type: str
    content_type: str
    size_bytes: int
    sha256: str
    metadata: dict[str, Any]
    created_at: datetime

    @classmethod
    def of_artifact(cls, artifact: Artifact) -> Self:
        return cls.of(artifact, metadata=masked(artifact.metadata))


@dataclass(frozen=True, slots=True)
class Upload(Generic[Body]):
    """A body that was received: what it says, its content, and what makes it the same as an earlier one."""

    body: Body
    buffer: UploadBuffer
    identity: Identity | None


@contextmanager
def received(request: Request, principal: Principal, model: type[Body]) -> Iterator[Upload[Body]]:
    """The body of a request, checked. Raises ApiError, ArtifactTooLarge."""
    key_of(request)  # is refused before a large body is read
    with UploadBuffer(principal.limits.task_max_artifact_bytes) as buffer:
        body = checked(model, read_upload(request._request, buffer), "body")
        described = body.model_dump(mode="json", exclude={"data_base64"})
        yield Upload(body, buffer, identity_of(request, [described, buffer.sha256]))


def store_upload(
    principal: Principal,
    tenant_id: UUID,
    task_id: UUID,
    upload: Upload[Any],
    scope: Callable[[], AbstractContextManager[Any]],
    claim: Callable[[PendingUpload], Artifact],
) -> Execution:
    """Object, then row, once for each Idempotency-Key; holds no connection while the object is written.

    `scope` is one to write for the tenant in; `claim` gives the object its row, or raises where the task is gone or no
    longer held. Raises ArtifactTooLarge, StoreUnavailable, KeyReused.
    """
    if replay := find_replay(principal, upload.identity):
        return replay
    with scope():
        reserved = service.reserve(tenant_id, task_id)
    if upload.buffer.size > reserved.limit_bytes:  # an admin's own tenant may have had a higher one
        raise ArtifactTooLarge(reserved.limit_bytes)
    connections.close_all()
    object_store.put(reserved.object_key, upload.buffer)
    try:
        with execution(principal, upload.identity) as done:
            if not done.is_replay:
                done.answer = ArtifactResponse.of_artifact(claim(reserved)).model_dump(mode="json")
    except TaskrunnerError:
        _discard(reserved)
        raise
    if done.is_replay:
        _discard(reserved)
    return done


def _discard(reserved: PendingUpload) -> None:
    connections.close_all()
    service.discard(reserved)
