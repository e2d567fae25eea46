"""What a worker may do with attempts that it holds before they end: renew leases, store progress, add to the log."""

import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from queueapp.claiming.claimer import LEASE_SECONDS
from queueapp.db import statements
from queueapp.json_values import kept_json, storable_text
from queueapp.redaction import masked, masked_text
from queueapp.tasks.attempt import AttemptKey
from queueapp.tenancy import worker_scope

LOG_LEVELS = ("debug", "info", "warning", "error")
MAX_LOG_CHARACTERS = 65_536
MAX_LOG_DETAIL_BYTES = 65_536


class LogLine(NamedTuple):
    """A line of a task's log as it is stored."""

    level: str
    message: str
    detail: str | None  # as JSON


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


def log_line(level: str, message: str, detail: dict[str, Any], known: Collection[str] = ()) -> LogLine:
    """A line as it is stored, without secrets. Raises ValueError for an unknown level, and for what is too long."""
    if level not in LOG_LEVELS:
        raise ValueError(f"level must be one of {', '.join(LOG_LEVELS)}, not {level!r}")
    if len(message) > MAX_LOG_CHARACTERS:
        raise ValueError(f"a log line's message may have {MAX_LOG_CHARACTERS} characters, not {len(message)}")
    encoded = json.dumps(masked(kept_json(detail), known)) if detail else None
    if encoded is not None and len(encoded) > MAX_LOG_DETAIL_BYTES:
        raise ValueError(f"a log line's detail may take {MAX_LOG_DETAIL_BYTES} bytes, not {len(encoded)}")
    return LogLine(level, masked_text(storable_text(message), known), encoded)


def append_log(worker_id: UUID, attempt: AttemptKey, line: LogLine) -> bool:
    """Add a line to the task's log. False when the lease was lost: nothing was written."""
    named = {"task_id": attempt[0], "attempt": attempt[1]}
    with worker_scope(worker_id):
        return bool(statements.rows("append_log", named | line._asdict())[0]["kept"])
