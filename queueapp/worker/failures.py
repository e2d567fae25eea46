"""What is told of a failed attempt: the class of its exception, its traceback, and a line in the log of the process."""

import traceback
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace

from queueapp.errors import PermanentFailure, RetryLater
from queueapp.json_values import storable_text
from queueapp.redaction import masked_text
from queueapp.states import Status
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.failure_log import log_failure
from queueapp.tasks.settle import Outcome, OutcomeKind

MAX_CLASS_CHARACTERS = 200
MAX_TRACEBACK_BYTES = 16_384
MAX_LINE_CHARACTERS = 1_000
FAILURES = (OutcomeKind.ERROR, OutcomeKind.PERMANENT)
MEANT = (RetryLater, PermanentFailure)  # what a handler raises on purpose is logged without its traceback


def told(outcome: Outcome, attempt: Attempt, error: BaseException) -> Outcome:
    """The outcome of an attempt that raised, with how long it ran and what it raised; a failure is logged as well."""
    if outcome.kind not in FAILURES:
        return replace(outcome, run_seconds=attempt.run_seconds)
    with suppress(BaseException):  # of the error itself, which its traceback is made of
        log(outcome, attempt, error)
    return replace(
        outcome,
        run_seconds=attempt.run_seconds,
        error_detail={"exception_class": class_path(error), "traceback": traceback_text(error, attempt.secrets)},
    )


def class_path(error: BaseException) -> str:
    """`module.Class`, as Python would import it. Never raises: a class may have a metaclass of the handler's own."""
    try:
        return storable_text(f"{type(error).__module__}.{type(error).__qualname__}")[:MAX_CLASS_CHARACTERS]
    except BaseException:
        return "builtins.BaseException"


def traceback_text(error: BaseException, known: Collection[str] = ()) -> str:
    """The traceback without secrets; of a long one the beginning and the end. Never raises."""
    try:
        text = storable_text("".join(traceback.format_exception(error)))
        # more than is kept: a secret that is torn here is cut off below
        text = masked_text(_cut(_narrow(text, 4 * MAX_LINE_CHARACTERS), 4 * MAX_TRACEBACK_BYTES), known)
        return _cut(_narrow(text, MAX_LINE_CHARACTERS), MAX_TRACEBACK_BYTES)
    except BaseException:  # of what the error is made of, which is the handler's own code
        return "The traceback cannot be shown."


def _narrow(text: str, most_characters: int) -> str:
    return "\n".join(line[:most_characters] for line in text.splitlines())


def _cut(text: str, most_bytes: int) -> str:
    """The text, without lines in its middle where it takes more bytes."""
    encoded = text.encode()
    if len(encoded) <= most_bytes:
        return text
    half = most_bytes // 2 - 50  # room for the words between
    head, _, _ = encoded[:half].rpartition(b"\n")
    _, _, tail = encoded[-half:].partition(b"\n")
    left_out = len(encoded) - len(head) - len(tail)
    return f"{head.decode()}\n… {left_out} bytes left out …\n{tail.decode()}"


def log(outcome: Outcome, attempt: Attempt, error: BaseException | None = None) -> None:
    """Tell of a failure, and whether it leaves the task a try."""
    dead = outcome.kind is OutcomeKind.PERMANENT or attempt.task.failures >= attempt.task.max_retries
    status = Status.DEAD_LETTER if dead else Status.FAILED
    shown = None if issubclass(type(error), MEANT) else error  # an error may claim to be of another class
    log_failure(attempt.task, status, outcome.error_code, outcome.error_message, shown)
