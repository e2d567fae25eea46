"""Attaching an artifact to the running task: the bytes from the handler's thread, the rows by the side channel."""

from uuid import UUID

from queueapp.artifacts import object_store, service
from queueapp.artifacts.service import About
from queueapp.artifacts.upload_buffer import Content, Intake, pieces_of
from queueapp.claiming import Claimed
from queueapp.errors import LeaseLost
from queueapp.worker.side_connection import SideChannel


def attach(side: SideChannel, worker_id: UUID, task: Claimed, about: About, content: Content) -> UUID:
    """Store an artifact and return its id. Holds no database connection while bytes move.

    Raises LeaseLost when the attempt no longer holds the task, ArtifactTooLarge, StoreUnavailable; nothing is
    stored then.
    """
    reserved = side.call(service.reserve_for_worker, task.tenant_id, task.id)
    with Intake(reserved.limit_bytes) as intake:
        for piece in pieces_of(content):
            intake.write(piece)
        object_store.put_patiently(reserved.object_key, intake)
        artifact = side.call(service.claim_for_worker, worker_id, task.attempt, reserved, about, intake)
    if artifact is None:
        service.discard(reserved)
        raise LeaseLost(task.id, task.attempt)
    return artifact.id
