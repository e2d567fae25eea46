"""Keeping an artifact: its object is named in the database, then written, and only then gets its row.

Whatever dies in between, a row never points to a missing object, and the sweep finds every object without a row.
"""

import json
import logging
from dataclasses import dataclass
from uuid import UUID

from queueapp import sql
from queueapp.artifacts import store
from queueapp.artifacts.describing import About
from queueapp.artifacts.intake import Intake, limit_bytes
from queueapp.errors import StoreUnavailable
from queueapp.models import Artifact
from queueapp.models.base import new_id
from queueapp.tenancy import tenant_scope, worker_scope

logger = logging.getLogger(__name__)

GRACE_SECONDS = 3_600  # from naming an object to its row; then the sweep may take it

Attempt = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Reserved:
    """An object that may be written now, and how large it may be."""

    id: UUID
    tenant_id: UUID
    task_id: UUID
    object_key: str
    limit_bytes: int


def reserve(tenant_id: UUID, task_id: UUID) -> Reserved:
    """Name a new object. Needs a scope that may write for the tenant."""
    artifact_id = new_id()
    names = {"id": artifact_id, "tenant_id": tenant_id, "task_id": task_id}
    (row,) = sql.rows("reserve_object", {**names, "grace_seconds": GRACE_SECONDS})
    return Reserved(artifact_id, tenant_id, task_id, row["object_key"], limit_bytes(row["limits"]))


def claim(
    reserved: Reserved, about: About, intake: Intake, *, worker_id: UUID | None = None, attempt: int = 0
) -> Artifact | None:
    """Give a written object its row; for a worker only while its attempt holds the task. Needs a scope.

    None where the task, the lease or the object is gone: nothing was written.
    """
    parameters = {
        "id": reserved.id,
        "tenant_id": reserved.tenant_id,
        "task_id": reserved.task_id,
        "worker_id": worker_id,
        "attempt": attempt,
        "type": about.type,
        "content_type": about.content_type,
        "size_bytes": intake.size,
        "sha256": intake.sha256,
        "metadata": json.dumps(about.metadata),
    }
    rows = sql.rows("claim_object", parameters)
    if not rows:
        return None
    figures = {"size_bytes": intake.size, "type": about.type}
    ids = {"artifact_id": str(reserved.id), "task_id": str(reserved.task_id)}
    logger.info("artifact stored", extra={"event": "artifact_stored", **ids, **figures})
    return Artifact(**rows[0])


def reserve_for_worker(tenant_id: UUID, task_id: UUID) -> Reserved:
    """`reserve` in a transaction of its own."""
    with tenant_scope(tenant_id, actor=f"client:task:{task_id}"):
        return reserve(tenant_id, task_id)


def claim_for_worker(
    worker_id: UUID, attempt: int, reserved: Reserved, about: About, intake: Intake
) -> Artifact | None:
    """`claim` in a transaction of its own."""
    with worker_scope(worker_id):
        return claim(reserved, about, intake, worker_id=worker_id, attempt=attempt)


def discard(reserved: Reserved) -> None:
    """Delete an object that got no row. Where the store is away, the sweep does it within the hour."""
    try:
        store.delete(reserved.object_key)
    except StoreUnavailable as error:
        logger.warning("object left behind", extra={"event": "artifact_left_behind", "error": str(error)})
