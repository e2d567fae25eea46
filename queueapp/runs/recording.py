"""What attempts leave on record: their runs, and the metrics and notes of their handlers."""

import json
import logging
from collections.abc import Collection
from typing import Any
from uuid import UUID

from queueapp.db import statements
from queueapp.errors import LeaseLost
from queueapp.json_values import storable_json
from queueapp.models.runs import MAX_NAME, MAX_RUN_KEY
from queueapp.redaction import masked, masked_text
from queueapp.tasks.attempt import AttemptKey
from queueapp.tenancy import worker_scope

logger = logging.getLogger(__name__)

MAX_VALUE_BYTES = 65_536
MAX_NOTE_CHARACTERS = 100_000
BATCH = 1_000


def start_run(worker_id: UUID, attempt: AttemptKey, key: str) -> None:
    """Begin the run of an attempt. Raises ValueError for an invalid key, LeaseLost."""
    _insert("start_run", worker_id, attempt, run_key=_text("the run key", key, MAX_RUN_KEY))


def add_metric(worker_id: UUID, attempt: AttemptKey, name: str, value: Any, known: Collection[str] = ()) -> None:
    """Keep a figure, or any JSON, without secrets. Raises ValueError for what cannot be kept, LeaseLost."""
    encoded = json.dumps(masked(_storable("a metric's value", value), known))
    if len(encoded) > MAX_VALUE_BYTES:
        raise ValueError(f"a metric's value may take {MAX_VALUE_BYTES} bytes, not {len(encoded)}")
    _insert("add_metric", worker_id, attempt, name=_text("a metric's name", name, MAX_NAME), value=encoded)


def add_note(worker_id: UUID, attempt: AttemptKey, type: str, content: str, known: Collection[str] = ()) -> None:
    """Keep a text, without secrets. Raises ValueError for what cannot be kept, LeaseLost."""
    checked = _text("a note's content", content, MAX_NOTE_CHARACTERS, empty=True)
    _insert(
        "add_note", worker_id, attempt, type=_text("a note's type", type, MAX_NAME), content=masked_text(checked, known)
    )


def end_runs(task_id: UUID | None = None) -> int:
    """End the runs whose attempts are over: of one task, or a thousand of all; returns how many. Needs a scope.

    In the transaction that settles the attempt its run ends with it; maintenance ends what was left behind.
    """
    ended = statements.rows("end_runs", {"task_id": task_id, "batch": BATCH})
    for row in ended:
        logger.info("run %s", row["status"], extra={"event": "run_updated", "run_id": str(row["id"])})
    return len(ended)


def _insert(statement: str, worker_id: UUID, attempt: AttemptKey, **values: Any) -> None:
    named = {"task_id": attempt[0], "attempt": attempt[1], "worker_id": worker_id}
    with worker_scope(worker_id):
        rows = statements.rows(statement, named | values)
    if not rows:
        raise LeaseLost(*attempt)
    event = {"start_run": "run_created", "add_metric": "metric_created", "add_note": "note_created"}[statement]
    logger.info(event, extra={"event": event, "id": str(rows[0]["id"]), "task_id": str(attempt[0])})


def _text(what: str, value: str, longest: int, *, empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or empty) or len(value) > longest:
        raise ValueError(f"{what} must be a text of {0 if empty else 1} to {longest} characters")
    return str(_storable(what, value))


def _storable(what: str, value: Any) -> Any:
    try:
        return storable_json(value)
    except ValueError as error:
        raise ValueError(f"{what} {error}") from None
