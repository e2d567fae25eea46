"""Attach an artifact to the running task: bytes in the handler's thread, rows over the background connection."""

import re
from collections.abc import Iterator
from uuid import UUID

from queueapp.artifacts import object_store, service
from queueapp.artifacts.service import ArtifactDescription
from queueapp.artifacts.upload_buffer import Content, UploadBuffer, pieces_of
from queueapp.errors import LeaseLost
from queueapp.redaction import masked_pieces
from queueapp.tasks.attempt import Attempt
from queueapp.worker.background_connection import BackgroundConnection

TEXT = re.compile(r"text/|[a-z]+/(?:[a-z0-9.-]+\+)?(?:json|x-ndjson|xml|yaml|javascript)(?:;|$)", re.I)


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
        for piece in _shown_pieces(attempt, description.content_type, content):
            buffer.write(piece)
        object_store.put_patiently(pending.object_key, buffer)
        parameters = (attempt.worker_id, task.attempt, pending, description, buffer)
        artifact = background.call(service.claim_for_worker, *parameters)
    if artifact is None:
        service.discard(pending)
        raise LeaseLost(*attempt.key)
    return artifact.id


def _shown_pieces(attempt: Attempt, content_type: str, content: Content) -> Iterator[bytes]:
    """A text without what the task's parameters call secret; the bytes of anything else as they are."""
    pieces = pieces_of(content)
    return masked_pieces(pieces, attempt.secrets) if TEXT.match(content_type) and attempt.secrets else pieces
