"""Attach an artifact to the running task: bytes in the handler's thread, rows over the background connection."""

from uuid import UUID

from queueapp.artifacts import object_store, service
from queueapp.artifacts.service import ArtifactDescription
from queueapp.artifacts.upload_buffer import Content, UploadBuffer, pieces_of
from queueapp.errors import LeaseLost
from queueapp.tasks.attempt import Attempt
from queueapp.worker.background_connection import BackgroundConnection


def attach(
    background: BackgroundConnection, attempt: Attempt, description: ArtifactDescription, content: Content
) -> UUID:
    """Store an artifact and return its id. Holds no database connection while bytes move.

    Raises LeaseLost when the attempt no longer holds the task, ArtifactTooLarge, StoreUnavailable; nothing is
    stored then.
    """
    task = attempt.task
    pending = background.call(service.reserve_for_worker, task.tenant_id, task.id)
    with UploadBuffer(pending.limit_bytes) as buffer:
        for piece in pieces_of(content):
            buffer.write(piece)
        object_store.put_patiently(pending.object_key, buffer)
        parameters = (attempt.worker_id, task.attempt, pending, description, buffer)
        artifact = background.call(service.claim_for_worker, *parameters)
    if artifact is None:
        service.discard(pending)
        raise LeaseLost(*attempt.key)
    return artifact.id
