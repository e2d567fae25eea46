"""Settle: write what became of attempts, each only while its worker still holds it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import DataError
from django.utils.functional import Promise
from pydantic_core import PydanticSerializationError, to_jsonable_python

from queueapp.db import statements
from queueapp.fingerprints import digest
from queueapp.json_values import storable_text
from queueapp.observers import Transition, report_on_commit
from queueapp.redaction import masked_text
from queueapp.states import Status
from queueapp.tenancy import worker_statement
from queueapp.validation import MAX_SECONDS_AHEAD

MAX_RESULT_BYTES = 1_048_576
MAX_MESSAGE_CHARACTERS = 10_000
MAX_CODE_CHARACTERS = 100
EXPIRED = "expired"  # the code of a task that was cancelled since it had not started by its expires_at
MASKED_CHARACTERS = 4 * MAX_MESSAGE_CHARACTERS  # more than is kept: a secret that is torn here is cut off later

_encode = json.JSONEncoder(allow_nan=False).encode  # json.dumps would make such an encoder for each task


class OutcomeKind(StrEnum):
    """How an attempt ended."""

    COMPLETED = "completed"
    ERROR = "error"  # tried again while retries are left, else dead-lettered
    PERMANENT = "permanent"  # dead-lettered at once
    CANCELLED = "cancelled"
    RELEASED = "released"  # not run; counts as no failure
    LATER = "later"  # has done a part, and goes on in a while; counts as no failure


@dataclass(slots=True)  # not frozen, which would cost half a microsecond a task
class Outcome:
    """The end of one attempt, ready to be stored."""

    id: UUID
    attempt: int
    kind: OutcomeKind
    result: str | None = None  # as JSON
    error_code: str = ""
    error_message: str = ""
    error_detail: dict[str, str] | None = None  # {exception_class, traceback} of what was raised
    retry_seconds: float = 0.0
    run_seconds: float | None = 0.0  # in the handler; None: nobody measured it, so as long as the lease was held

    @property
    def row(self) -> dict[str, Any]:
        """As sql/settle_tasks.sql reads it. Written out, because `asdict` copies deeply and takes ten times as long."""
        row = {
            "id": str(self.id),
            "attempt": self.attempt,
            "kind": self.kind,
            "result": self.result,
            "run_seconds": self.run_seconds,
        }
        if self.result is None:
            row |= {
                "error_code": self.error_code,
                "error_message": self.error_message,
                "error_detail": self.error_detail,
                "retry_seconds": self.retry_seconds,
                "error_digest": self._digest,
            }
        return row

    @property
    def _digest(self) -> str | None:
        """What its fingerprint is made of; None where nothing failed."""
        if self.kind not in (OutcomeKind.ERROR, OutcomeKind.PERMANENT):
            return None
        return digest(self.error_code, self.error_message, self.error_detail)


def completed(task_id: UUID, attempt: int, result: Any, *, run_seconds: float | None = 0.0) -> Outcome:
    """An outcome with a handler's result as JSON; a permanent failure where it cannot be kept as such."""
    try:
        encoded = _encode(to_jsonable_python(result, inf_nan_mode="strings", fallback=_lazy_text))
        if len(encoded) > MAX_RESULT_BYTES:
            raise ValueError(f"takes {len(encoded)} bytes, more than {MAX_RESULT_BYTES}")
        if "\\u0000" in encoded or "\\ud" in encoded:
            _check_storable(encoded)
    except (ValueError, PydanticSerializationError) as error:
        message = f"the result {error}"
        return failed(task_id, attempt, OutcomeKind.PERMANENT, "result_not_storable", message, run_seconds=run_seconds)
    return Outcome(task_id, attempt, OutcomeKind.COMPLETED, encoded, run_seconds=run_seconds)


def failed(
    task_id: UUID,
    attempt: int,
    kind: OutcomeKind,
    code: str,
    message: str,
    retry_seconds: float = 0.0,
    *,
    run_seconds: float | None = 0.0,
    known: Collection[str] = (),
) -> Outcome:
    """An outcome of failure, with code, message and delay cut to what PostgreSQL can keep, and without secrets.

    `known` are secrets as `redaction.secret_values` returns them. One outcome that PostgreSQL refuses would be tried
    again for ever, and its worker would do nothing else.
    """
    return Outcome(
        task_id,
        attempt,
        kind,
        error_code=masked_text(storable_text(code[:MASKED_CHARACTERS]), known)[:MAX_CODE_CHARACTERS],
        error_message=masked_text(storable_text(message[:MASKED_CHARACTERS]), known)[:MAX_MESSAGE_CHARACTERS],
        retry_seconds=min(max(0.0, retry_seconds), MAX_SECONDS_AHEAD),  # in this order NaN becomes 0
        run_seconds=run_seconds,
    )


def expired(task_id: UUID, attempt: int) -> Outcome:
    """An outcome of a task that expired when it was claimed and not started."""
    message = "It was claimed in time, and expired before its worker came to it."
    return Outcome(task_id, attempt, OutcomeKind.CANCELLED, error_code=EXPIRED, error_message=message)


def settle(worker_id: UUID, outcomes: Sequence[Outcome]) -> dict[UUID, str]:
    """Store a batch of outcomes in one statement, which commits itself where no transaction is open.

    Returns each settled task's new status; a task missing from it had lost its lease, and nothing was written.
    """
    if not outcomes:
        return {}
    name, parameters = _statement(outcomes)
    with worker_statement(worker_id):
        rows = statements.rows(name, {"worker_id": worker_id, **parameters})
    settled = {row["id"]: row["status"] for row in rows}
    report_on_commit(Transition(task_id, Status.LEASED, status) for task_id, status in settled.items())
    return settled


def _statement(outcomes: Sequence[Outcome]) -> tuple[str, dict[str, Any]]:
    """The statement that stores them, with its parameters: a plain update for what ends alone, and well."""
    first = outcomes[0]
    if len(outcomes) == 1 and first.kind is OutcomeKind.COMPLETED:
        own = {"id": first.id, "attempt": first.attempt, "result": first.result, "run_seconds": first.run_seconds}
        return "complete_task", own
    return "settle_tasks", {"outcomes": json.dumps([item.row for item in outcomes])}


def settle_alone(worker_id: UUID, outcome: Outcome) -> dict[UUID, str]:
    """As settle, after PostgreSQL has refused a batch: where it refuses this one too, its task ends for good."""
    try:
        return settle(worker_id, [outcome])
    except DataError as error:
        message = f"how this attempt ended cannot be stored: {error}"
        return settle(
            worker_id, [failed(outcome.id, outcome.attempt, OutcomeKind.PERMANENT, "outcome_not_storable", message)]
        )


def _lazy_text(value: Any) -> str:
    """A translation, in the language that is active now. Raises PydanticSerializationError for anything else."""
    if isinstance(value, Promise):
        return str(value)
    raise PydanticSerializationError(f"Unable to serialize unknown type: {type(value)}")


def _check_storable(encoded: str) -> None:
    """Raises ValueError for what JSON can spell and jsonb cannot keep: NUL and lone surrogates."""
    text = json.dumps(json.loads(encoded), ensure_ascii=False)
    if "\\u0000" in text:
        raise ValueError("holds a NUL character")
    text.encode("utf-8")  # UnicodeEncodeError is a ValueError
