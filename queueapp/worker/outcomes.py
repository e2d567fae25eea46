"""What an attempt that ended in an exception comes to."""

import logging
import traceback
from dataclasses import replace

from queueapp.errors import ArtifactTooLarge, ContinueLater, InvalidArtifact, LeaseLost, PermanentFailure, RetryLater
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.failure_log import fields_of
from queueapp.tasks.settle import Outcome, OutcomeKind, failed
from queueapp.validation import MAX_SECONDS_AHEAD
from queueapp.worker import failures
from queueapp.worker.interrupts import CancelRequested, DrainLimit, Interrupted, LeaseGone, SoftTimeout
from queueapp.worker.left_transactions import TransactionFault

logger = logging.getLogger(__name__)

PERMANENT = (PermanentFailure, ArtifactTooLarge, InvalidArtifact)


def outcome_of_error(attempt: Attempt, error: BaseException) -> Outcome | None:
    """None where the lease is gone, so that nothing may be written. Raises nothing, whatever the error is made of."""
    try:
        outcome = _outcome_of_error(attempt, error)
        return None if outcome is None else failures.told(outcome, attempt, error)
    except BaseException as another:  # of its class, its texts or its code: all are the handler's own code
        kinds = [type.__repr__(type(each)) for each in (error, another)]  # not by way of a metaclass
        message = f"The handler raised a {kinds[0]}, which cannot be shown: looking at it raised {kinds[1]}."
        outcome = _failed(attempt, OutcomeKind.ERROR, "handler_error", message, _retry_delay(attempt))
        failures.log(outcome, attempt)
        return replace(outcome, run_seconds=attempt.run_seconds)


def _outcome_of_error(attempt: Attempt, error: BaseException) -> Outcome | None:
    kind = type(error)  # an error may claim to be of another class
    if issubclass(kind, Interrupted):
        return _outcome_of_interrupt(attempt, kind)
    if issubclass(kind, LeaseLost) and (error.task_id, error.attempt) == attempt.key:  # type: ignore[attr-defined]
        return None
    if issubclass(kind, RetryLater):
        after_seconds: float = error.after_seconds  # type: ignore[attr-defined]
        return _failed(attempt, OutcomeKind.ERROR, *_code_and_text(error), after_seconds)
    if issubclass(kind, ContinueLater):
        return _later(attempt, error.after_seconds)  # type: ignore[attr-defined]
    if issubclass(kind, PERMANENT):
        return _failed(attempt, OutcomeKind.PERMANENT, *_code_and_text(error))
    if issubclass(kind, TransactionFault):
        return _failed(attempt, OutcomeKind.ERROR, *_code_and_text(error), _retry_delay(attempt))
    message = "".join(traceback.format_exception_only(error)).strip()
    outcome = OutcomeKind.PERMANENT if attempt.handler.gives_up_on(kind) else OutcomeKind.ERROR
    return _failed(attempt, outcome, kind.__name__, message, _retry_delay(attempt))


def _outcome_of_interrupt(attempt: Attempt, kind: type[Interrupted]) -> Outcome | None:
    if issubclass(kind, LeaseGone):
        return None
    if issubclass(kind, CancelRequested):
        return Outcome(*attempt.key, OutcomeKind.CANCELLED)
    if issubclass(kind, DrainLimit):
        return Outcome(*attempt.key, OutcomeKind.RELEASED)
    logger.warning("task stopped", extra={"event": "task_killed", **fields_of(attempt.task)})
    if issubclass(kind, SoftTimeout):
        soft = attempt.handler.soft_timeout_seconds
        return _timed_out(attempt, f"Interrupted after {soft} s, its type's soft_timeout_seconds, of its limit of")
    return _timed_out(attempt, "Interrupted after its limit of")


def _code_and_text(error: BaseException) -> tuple[str, str]:
    """Of one of our own errors; a subclass may bring a code of any kind."""
    return str(error.code), str(error)  # type: ignore[attr-defined]


def _failed(attempt: Attempt, kind: OutcomeKind, code: str, message: str, retry_seconds: float = 0.0) -> Outcome:
    """Without what the task's parameters call secret."""
    return failed(*attempt.key, kind, code, message, retry_seconds, known=attempt.secrets)


def _later(attempt: Attempt, after_seconds: float) -> Outcome:
    seconds = min(max(0.0, after_seconds), MAX_SECONDS_AHEAD)  # in this order NaN becomes 0
    return Outcome(*attempt.key, OutcomeKind.LATER, retry_seconds=seconds)


def _timed_out(attempt: Attempt, what_happened: str) -> Outcome:
    """The outcome of an attempt that ran for too long; `what_happened` ends before the number of seconds."""
    message = f"{what_happened} {attempt.task.timeout_seconds} s."
    return _failed(attempt, OutcomeKind.ERROR, "task_runtime_exceeded", message, _retry_delay(attempt))


def _retry_delay(attempt: Attempt) -> float:
    return attempt.handler.retry_delay(attempt.task.failures + 1)
