"""What an attempt that ended in an exception comes to."""

import logging
import traceback

from queueapp.errors import ArtifactTooLarge, InvalidArtifact, LeaseLost, PermanentFailure, RetryLater
from queueapp.retry_policy import retry_delay_seconds
from queueapp.tasks.attempt import SOFT_LIMIT_FRACTION, Attempt
from queueapp.tasks.settle import Outcome, OutcomeKind, failed
from queueapp.worker.interrupts import CancelRequested, Interrupted, LeaseGone

logger = logging.getLogger(__name__)


def outcome_of_error(attempt: Attempt, error: BaseException) -> Outcome | None:
    """None where the lease is gone, so that nothing may be written."""
    match error:
        case LeaseGone() | LeaseLost():
            return None
        case CancelRequested():
            return Outcome(*attempt.key, OutcomeKind.CANCELLED)
        case Interrupted():
            logger.warning("task stopped", extra={"event": "task_killed", "task_id": str(attempt.task.id)})
            soft_seconds = attempt.task.timeout_seconds * SOFT_LIMIT_FRACTION
            return timed_out(attempt, f"Interrupted after {soft_seconds:g} s, five sixths of its limit of")
        case RetryLater():
            return failed(*attempt.key, OutcomeKind.ERROR, error.code, str(error), error.after_seconds)
        case PermanentFailure() | ArtifactTooLarge() | InvalidArtifact():
            return failed(*attempt.key, OutcomeKind.PERMANENT, error.code, str(error))
    message = "".join(traceback.format_exception_only(error)).strip()
    return failed(*attempt.key, OutcomeKind.ERROR, type(error).__name__, message, _retry_delay(attempt))


def timed_out(attempt: Attempt, what_happened: str) -> Outcome:
    """The outcome of an attempt that ran for too long; `what_happened` ends before the number of seconds."""
    message = f"{what_happened} {attempt.task.timeout_seconds} s."
    code, delay = "task_runtime_exceeded", _retry_delay(attempt)
    return failed(*attempt.key, OutcomeKind.ERROR, code, message, delay, run_seconds=attempt.seconds)


def _retry_delay(attempt: Attempt) -> float:
    return retry_delay_seconds(attempt.task.failures + 1, base_seconds=attempt.handler.retry_base_seconds)
