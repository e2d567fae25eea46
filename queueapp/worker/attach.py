"""Attaching an artifact to the running task: the bytes from the handler's thread, the rows by the side channel."""

from uuid import UUID

from queueapp.artifacts import object_store, service
from queueapp.artifacts.service import ArtifactDescription
from queueapp.artifacts.upload_buffer import Content, UploadBuffer, pieces_of
from queueapp.claiming import Claimed
from queueapp.errors import LeaseLost
from queueapp.worker.background_connection import BackgroundConnection


def attach(
    background: BackgroundConnection, worker_id: UUID, task: Claimed, description: ArtifactDescription, content: Content
) -> UUID:
    """Store an artifact and return its id. Holds no database connection while bytes move.

    Raises LeaseLost when the attempt no longer holds the task, ArtifactTooLarge, StoreUnavailable; nothing is
    stored then.
    """
    reserved = background.call(service.reserve_for_worker, task.tenant_id, task.id)
    with UploadBuffer(reserved.limit_bytes) as intake:
        for piece in pieces_of(content):
            intake.write(piece)
        object_store.put_patiently(reserved.object_key, intake)
        artifact = background.call(service.claim_for_worker, worker_id, task.attempt, reserved, description, intake)
    if artifact is None:
        service.discard(reserved)
        raise LeaseLost(task.id, task.attempt)
    return artifact.id
