"""The artifact service: an object gets its name in the database, then it is written, and only then it gets its row.

Whatever dies in between, a row never points to a missing object, and the sweep finds every object without a row.
"""

import json
import logging
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from queueapp.artifacts import object_store
from queueapp.artifacts.upload_buffer import UploadBuffer, limit_bytes
from queueapp.db import statements
from queueapp.errors import InvalidArtifact, StoreUnavailable
from queueapp.json_values import storable_json
from queueapp.models import Artifact
from queueapp.models.artifacts import ARTIFACT_TYPE_PATTERN, CONTENT_TYPE_PATTERN, MAX_METADATA_BYTES
from queueapp.models.base import new_id
from queueapp.redaction import masked
from queueapp.tenancy import tenant_scope, worker_scope
from queueapp.validation import field_errors

logger = logging.getLogger(__name__)

GRACE_SECONDS = 3_600  # from the name of an object to its row; then the sweep may delete it


def _bounded(value: dict[str, Any]) -> dict[str, Any]:
    size = len(json.dumps(value).encode())
    if size > MAX_METADATA_BYTES:
        raise ValueError(f"takes {size} bytes as JSON, more than {MAX_METADATA_BYTES}: attach it as content instead")
    return value


ArtifactType = Annotated[str, StringConstraints(pattern=ARTIFACT_TYPE_PATTERN)]
ContentType = Annotated[str, StringConstraints(pattern=CONTENT_TYPE_PATTERN, max_length=200)]
Metadata = Annotated[dict[str, Any], BeforeValidator(storable_json), AfterValidator(_bounded)]


class ArtifactDescription(BaseModel):
    """The type, content type and metadata of an artifact."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    type: ArtifactType
    content_type: ContentType
    metadata: Metadata = {}


def describe(type: str, content_type: str, metadata: dict[str, Any] | None) -> ArtifactDescription:
    """Raises InvalidArtifact naming each field."""
    try:
        return ArtifactDescription(type=type, content_type=content_type, metadata=metadata or {})
    except ValidationError as error:
        raise InvalidArtifact(field_errors(error)) from None


@dataclass(frozen=True, slots=True)
class PendingUpload:
    """An object that may be written now, and its largest size."""

    id: UUID
    tenant_id: UUID
    task_id: UUID
    object_key: str
    limit_bytes: int


def reserve(tenant_id: UUID, task_id: UUID) -> PendingUpload:
    """Name a new object. Needs a scope that may write for the tenant."""
    artifact_id = new_id()
    names = {"id": artifact_id, "tenant_id": tenant_id, "task_id": task_id}
    (row,) = statements.rows("reserve_object", {**names, "grace_seconds": GRACE_SECONDS})
    limit = limit_bytes(row["limits"], row["lowered_limits"])
    return PendingUpload(artifact_id, tenant_id, task_id, row["object_key"], limit)


def claim(
    upload: PendingUpload,
    description: ArtifactDescription,
    buffer: UploadBuffer,
    *,
    worker_id: UUID | None = None,
    attempt: int = 0,
) -> Artifact | None:
    """Give a written object its row; for a worker only while its attempt holds the task. Needs a scope.

    None where the task, the lease or the object is gone: nothing was written.
    """
    parameters = {
        "id": upload.id,
        "tenant_id": upload.tenant_id,
        "task_id": upload.task_id,
        "worker_id": worker_id,
        "attempt": attempt,
        "type": description.type,
        "content_type": description.content_type,
        "size_bytes": buffer.size,
        "sha256": buffer.sha256,
        "metadata": json.dumps(masked(description.metadata)),
    }
    rows = statements.rows("claim_object", parameters)
    if not rows:
        return None
    figures = {"size_bytes": buffer.size, "type": description.type}
    ids = {"artifact_id": str(upload.id), "task_id": str(upload.task_id)}
    logger.info("artifact created", extra={"event": "artifact_created", **ids, **figures})
    return Artifact(**rows[0])


def reserve_for_worker(tenant_id: UUID, task_id: UUID) -> PendingUpload:
    """`reserve` in a transaction of its own."""
    with tenant_scope(tenant_id, actor=f"client:task:{task_id}"):
        return reserve(tenant_id, task_id)


def claim_for_worker(
    worker_id: UUID, attempt: int, upload: PendingUpload, description: ArtifactDescription, buffer: UploadBuffer
) -> Artifact | None:
    """`claim` in a transaction of its own."""
    with worker_scope(worker_id):
        return claim(upload, description, buffer, worker_id=worker_id, attempt=attempt)


def discard(upload: PendingUpload) -> None:
    """Delete an object that got no row. If the store is away, the sweep does it within two hours."""
    try:
        object_store.delete(upload.object_key)
    except StoreUnavailable as error:
        logger.warning("object left behind", extra={"event": "artifact_left_behind", "error": str(error)})
