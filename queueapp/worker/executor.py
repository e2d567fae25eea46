"""The executor: the steps of one attempt, from its parameters to its outcome."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connections, transaction
from pydantic import BaseModel, ValidationError

from queueapp.errors import LeaseLost, PermanentFailure
from queueapp.handlers import Handler
from queueapp.hooks import AttemptHook, hooks_around
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.settle import Outcome, OutcomeKind, completed, settle
from queueapp.tenancy import bind_tenant, tenant_scope
from queueapp.validation import field_errors
from queueapp.worker import failures
from queueapp.worker.attempt_records import AttemptRecords
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.context import TaskContext
from queueapp.worker.interrupts import Interrupted, Interrupter
from queueapp.worker.outcomes import outcome_of_error

Step = Callable[[Attempt], Outcome | None]

ENDINGS = (Exception, SystemExit, Interrupted)  # of an attempt; the rest ends the process


class ParamsRefused(PermanentFailure):
    """They were accepted by another version of this handler, and no retry will make them valid."""

    code = "task_rejected_invalid_params"


class Executor:
    """Runs attempts one at a time: validate the parameters, pass the hooks, call the handler."""

    def __init__(self, background: BackgroundConnection, interrupter: Interrupter) -> None:
        self._background = background
        self._interrupter = interrupter
        self._pipelines: dict[str, Step] = {}  # by type, put together at its first attempt

    def execute(self, attempt: Attempt) -> Outcome | None:
        """Run the attempt. Returns the outcome to settle; None when it is settled already or the lease is gone."""
        try:
            attempt.params = _validated_params(attempt)
            with bind_tenant(attempt.task.tenant_id):
                return self._pipeline_of(attempt.handler)(attempt)
        except ENDINGS as error:
            return _outcome_of(error, attempt)

    def _pipeline_of(self, handler: Handler) -> Step:
        step = self._pipelines.get(handler.type)
        if step is None:
            step = self._call_in_transaction if handler.transactional else self._call_and_return
            for hook in reversed(hooks_around(handler)):
                step = partial(_pass_hook, hook, step)
            self._pipelines[handler.type] = step
        return step

    def _call_and_return(self, attempt: Attempt) -> Outcome:
        result = self._call_handler(attempt)
        outcome = completed(*attempt.key, result, run_seconds=attempt.run_seconds)
        if outcome.error_code:
            failures.log(outcome, attempt)
        return outcome

    def _call_in_transaction(self, attempt: Attempt) -> Outcome | None:
        """The handler's own writes and the task's completion commit together, or not at all."""
        with transaction.atomic():
            with tenant_scope(attempt.task.tenant_id, actor=f"client:task:{attempt.task.id}"):
                outcome = self._call_and_return(attempt)
            if outcome.kind is not OutcomeKind.COMPLETED:
                transaction.set_rollback(True)
                return outcome
            if attempt.task.id not in settle(attempt.worker_id, [outcome]):
                raise LeaseLost(*attempt.key)
        return None

    def _call_handler(self, attempt: Attempt) -> Any:
        context = TaskContext(attempt, AttemptRecords(attempt, self._background))
        started = time.monotonic()
        try:
            with self._interrupter.inside(attempt.key):
                return attempt.handler.function(context, attempt.params)
        finally:
            attempt.run_seconds = time.monotonic() - started


def _validated_params(attempt: Attempt) -> BaseModel:
    try:
        return attempt.handler.params.model_validate(attempt.task.params)
    except ValidationError as error:
        # in the words of a refusal at submit, which do not repeat values: they may be secrets
        faults = field_errors(error, "params.")
        raise ParamsRefused("; ".join(f"{fault.field}: {fault.message}" for fault in faults)) from None


def _pass_hook(hook: AttemptHook, step: Step, attempt: Attempt) -> Outcome | None:
    def proceed() -> Outcome | None:
        try:
            return step(attempt)
        except ENDINGS as error:  # so that the hook sees what becomes of it
            return _outcome_of(error, attempt)

    return hook(attempt, proceed)


def _outcome_of(error: BaseException, attempt: Attempt) -> Outcome | None:
    if isinstance(error, Interrupted):
        _close_connections()
    outcome = outcome_of_error(attempt, error)
    return None if outcome is None else failures.told(outcome, attempt, error)


def _close_connections() -> None:
    """An interrupt may have struck in the middle of the protocol, so no connection of this thread can be trusted."""
    for connection in connections.all(initialized_only=True):
        connection.close()
