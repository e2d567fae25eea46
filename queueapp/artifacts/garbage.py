"""The sweep deletes objects without a row. It is bounded, and any number may run at once, anywhere."""

import time
from uuid import UUID

from queueapp.artifacts import object_store
from queueapp.db import statements
from queueapp.models import PendingObject
from queueapp.tenancy import system_scope

BATCH = 100
MAX_SECONDS = 20.0
RETRY_AFTER_SECONDS = 600  # an object is due again after a sweep that died, or met a store that is away


def sweep() -> int:
    """Delete what is due, for at most 20 s; returns how many objects. Holds no connection while the store works.

    Raises StoreUnavailable; what was not deleted is due again ten minutes later.
    """
    deadline = time.monotonic() + MAX_SECONDS
    deleted = 0
    while time.monotonic() < deadline and (objects := _take()):
        deleted += _delete(objects, deadline)
    return deleted


def _take() -> dict[UUID, str]:
    with system_scope("sweep"):
        rows = statements.rows("take_pending_objects", {"batch": BATCH, "again_seconds": RETRY_AFTER_SECONDS})
    return {row["id"]: row["object_key"] for row in rows}


def _delete(objects: dict[UUID, str], deadline: float) -> int:
    gone: list[UUID] = []
    try:
        for artifact_id, key in objects.items():
            if time.monotonic() > deadline:
                break
            object_store.delete(key)
            gone.append(artifact_id)
    finally:
        with system_scope("sweep"):
            PendingObject.objects.filter(id__in=gone).delete()
    return len(gone)
