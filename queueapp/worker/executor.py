"""Execution: run one attempt's handler and turn whatever happens into a outcome."""

import logging
import traceback
from typing import Any

from django.db import connections, transaction
from pydantic import BaseModel, ValidationError

from queueapp.claiming import Claimed
from queueapp.errors import ArtifactTooLarge, InvalidArtifact, LeaseLost, PermanentFailure, RetryLater
from queueapp.handlers import Handler, find_handler
from queueapp.retry_policy import retry_delay_seconds
from queueapp.tasks.settle import Outcome, OutcomeKind, completed, failed, settle
from queueapp.tenancy import bind_tenant, tenant_scope
from queueapp.validation import field_errors
from queueapp.worker.context import TaskContext
from queueapp.worker.interrupts import CancelRequested, Interrupted, Interrupter, LeaseGone
from queueapp.worker.prefetch import SOFT_FRACTION

logger = logging.getLogger(__name__)


class ParamsRefused(PermanentFailure):
    """They were accepted by another version of this handler, and no retry will make them valid."""

    code = "task_rejected_invalid_params"


def run_attempt(task: Claimed, context: TaskContext, interrupter: Interrupter) -> Outcome | None:
    """Run the handler. Returns the outcome to settle; None when it is settled already or the lease is gone."""
    handler = find_handler(task.type)
    if handler is None:
        message = f"No handler for type {task.type!r} is registered here."
        return failed(task.id, task.attempt, OutcomeKind.PERMANENT, "unknown_type", message)
    try:
        if handler.transactional:
            return _run_in_transaction(handler, task, context, interrupter)
        return completed(task.id, task.attempt, _call(handler, task, context, interrupter))
    except (Exception, SystemExit, Interrupted) as error:
        if isinstance(error, Interrupted):
            _throw_connections_away()
        return classify(error, task, handler)


def params_of(handler: Handler, task: Claimed) -> BaseModel:
    """The task's parameters as its handler takes them. Raises ParamsRefused."""
    try:
        return handler.params.model_validate(task.params)
    except ValidationError as error:
        # in the words of a refusal at submit, which do not repeat values: they may be secrets
        words = "; ".join(f"{each.field}: {each.message}" for each in field_errors(error, "params."))
        raise ParamsRefused(words) from None


def _call(handler: Handler, task: Claimed, context: TaskContext, interrupter: Interrupter) -> Any:
    params = params_of(handler, task)
    with bind_tenant(task.tenant_id), interrupter.inside((task.id, task.attempt)):
        return handler.function(context, params)


def _run_in_transaction(
    handler: Handler, task: Claimed, context: TaskContext, interrupter: Interrupter
) -> Outcome | None:
    """The handler's own writes and the task's completion commit together, or not at all."""
    with transaction.atomic():
        with tenant_scope(task.tenant_id, actor=f"client:task:{task.id}"):
            outcome = completed(task.id, task.attempt, _call(handler, task, context, interrupter))
        if outcome.kind is not OutcomeKind.COMPLETED:
            transaction.set_rollback(True)
            return outcome
        if task.id not in settle(context.worker_id, [outcome]):
            raise LeaseLost(task.id, task.attempt)
    return None


def classify(error: BaseException, task: Claimed, handler: Handler) -> Outcome | None:
    """The outcome on an attempt that ended in an exception; None where the lease is gone and nothing may be written."""
    failures = task.failures + 1
    delay = retry_delay_seconds(failures, base_seconds=handler.retry_base_seconds)
    match error:
        case LeaseGone() | LeaseLost():
            return None
        case CancelRequested():
            return Outcome(task.id, task.attempt, OutcomeKind.CANCELLED)
        case Interrupted():
            logger.warning("task stopped", extra={"event": "task_killed", "task_id": str(task.id)})
            soft_seconds = task.timeout_seconds * SOFT_FRACTION
            return timed_out(task, f"Interrupted after {soft_seconds:g} s, five sixths of its limit of", delay)
        case RetryLater():
            return failed(task.id, task.attempt, OutcomeKind.ERROR, error.code, str(error), error.after_seconds)
        case PermanentFailure() | ArtifactTooLarge() | InvalidArtifact():
            return failed(task.id, task.attempt, OutcomeKind.PERMANENT, error.code, str(error))
    logger.warning("handler failed", exc_info=error, extra={"event": "task_state", "task_id": str(task.id)})
    message = "".join(traceback.format_exception_only(error)).strip()
    return failed(task.id, task.attempt, OutcomeKind.ERROR, type(error).__name__, message, delay)


def timed_out(task: Claimed, what_happened: str, retry_seconds: float) -> Outcome:
    """The outcome on an attempt that ran for too long; `what_happened` ends before the number of seconds."""
    message = f"{what_happened} {task.timeout_seconds} s."
    return failed(task.id, task.attempt, OutcomeKind.ERROR, "task_runtime_exceeded", message, retry_seconds)


def _throw_connections_away() -> None:
    """An interrupt may have struck in the middle of the protocol, so no connection of this thread can be trusted."""
    for connection in connections.all(initialized_only=True):
        connection.close()
