"""What a worker may do with attempts that it holds before they end: renew leases, store progress, add to the log."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from queueapp.claiming.claimer import LEASE_SECONDS
from queueapp.db import statements
from queueapp.json_values import storable_text
from queueapp.tasks.attempt import AttemptKey
from queueapp.tenancy import worker_scope

LOG_LEVELS = ("debug", "info", "warning", "error")


def renew(worker_id: UUID, held: Mapping[AttemptKey, Any], *, renew: bool) -> dict[UUID, bool]:
    """Store the progress of attempts, where there is any, and with `renew` give each of them a new lease.

    Returns for each task whether its cancel was asked for; a task missing from it had lost its lease.
    """
    if not held:
        return {}
    parameters = {
        "worker_id": worker_id,
        "ids": [task_id for task_id, _ in held],
        "attempts": [attempt for _, attempt in held],
        "progress": [json.dumps(progress) if progress else None for progress in held.values()],
        "renew": renew,
        "lease_seconds": LEASE_SECONDS,
    }
    with worker_scope(worker_id):
        return {row["id"]: row["cancel_requested"] for row in statements.rows("renew_leases", parameters)}


def append_log(worker_id: UUID, attempt: AttemptKey, level: str, message: str, detail: dict[str, Any]) -> bool:
    """Add a line to the task's log. False when the lease was lost: nothing was written."""
    parameters = {
        "task_id": attempt[0],
        "attempt": attempt[1],
        "worker_id": worker_id,
        "level": level,
        "message": storable_text(message),
        "detail": json.dumps(detail, default=str) if detail else None,
    }
    with worker_scope(worker_id):
        return bool(statements.rows("append_log", parameters))
