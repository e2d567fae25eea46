"""The executor: the steps of one attempt, from its parameters to its outcome."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

from django.db import transaction
from pydantic import BaseModel, ValidationError

from queueapp.errors import LeaseLost, PermanentFailure
from queueapp.handlers import Handler
from queueapp.hooks import AttemptHook, hooks_around
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.settle import Outcome, OutcomeKind, completed, expired, settle
from queueapp.tenancy import bind_tenant_of_context, tenant_scope
from queueapp.validation import field_errors
from queueapp.worker import failures, forked
from queueapp.worker.attempt_records import AttemptRecords
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.context import TaskContext, running
from queueapp.worker.interrupts import Interrupted, Interrupter
from queueapp.worker.left_transactions import ConnectionCheck, atomic_depth
from queueapp.worker.outcomes import outcome_of_error
from queueapp.worker.own_process import OwnProcess
from queueapp.worker.process_state import clean_context

Step = Callable[[Attempt], Outcome | None]


class ParamsRefused(PermanentFailure):
    """They were accepted by another version of this handler, and no retry will make them valid."""

    code = "task_rejected_invalid_params"


class Executor:
    """Runs attempts one at a time: validate the parameters, pass the hooks, call the handler."""

    def __init__(
        self,
        background: BackgroundConnection,
        interrupter: Interrupter,
        own_process: OwnProcess | None = None,
        is_alone: Callable[[], bool] = lambda: True,
    ) -> None:
        """`own_process` where the process is there for nothing else, so that what is left in it may be ended.

        `is_alone` tells whether no other attempt runs in it at this moment.
        """
        self._background = background
        self._interrupter = interrupter
        self._own_process = own_process
        self._is_alone = is_alone
        self._pipelines: dict[str, Step] = {}  # by type, put together at its first attempt
        self._connections = ConnectionCheck()
        self._context = clean_context()

    @property
    def unfit(self) -> str | None:
        """Why this process must be replaced before it runs another attempt, if it must."""
        return self._own_process.unfit if self._own_process else None

    def execute(self, attempt: Attempt) -> Outcome | None:
        """Run the attempt, unless it has expired.

        Returns the outcome to settle; None when it is settled already or the lease is gone.

        Whatever the handler raises is its attempt's error, and whatever it leaves behind is put in order.
        """
        if attempt.has_expired:
            return expired(*attempt.key)
        self._connections.forget_use()
        try:
            outcome = self._context.copy().run(self._run, attempt)
            if forked.in_child:
                forked.leave()
            self._connections.require_clean()
        except BaseException as error:
            outcome = self._outcome_of(error, attempt)
        self._connections.reset_sessions()
        if self._own_process is not None:
            self._own_process.put_in_order(attempt, alone=self._is_alone())
        return outcome

    def put_in_order(self, attempt: Attempt) -> None:
        """The process, after the last of several attempts."""
        if self._own_process is not None:
            self._own_process.put_in_order(attempt, alone=True)

    def _run(self, attempt: Attempt) -> Outcome | None:
        """In a context of its own."""
        attempt.params = validated_params(attempt)
        bind_tenant_of_context(attempt.task.tenant_id)
        return self._pipeline_of(attempt.handler)(attempt)

    def _pipeline_of(self, handler: Handler) -> Step:
        step = self._pipelines.get(handler.type)
        if step is None:
            step = self._call_in_transaction if handler.transactional else self._call_handler
            for hook in reversed(hooks_around(handler)):
                step = partial(self._pass_hook, hook, step)
            self._pipelines[handler.type] = step
        return step

    def _pass_hook(self, hook: AttemptHook, step: Step, attempt: Attempt) -> Outcome | None:
        def proceed() -> Outcome | None:
            try:
                outcome = step(attempt)
                self._connections.require_clean()
                return outcome
            except BaseException as error:  # so that the hook sees what becomes of it
                return self._outcome_of(error, attempt)

        return hook(attempt, proceed)

    def _call_in_transaction(self, attempt: Attempt) -> Outcome | None:
        """The handler's own writes and the task's completion commit together, or not at all."""
        with transaction.atomic():
            with tenant_scope(attempt.task.tenant_id, actor=f"client:task:{attempt.task.id}"):
                depth = atomic_depth()
                outcome = self._call_handler(attempt)
                self._connections.require_same_transaction(depth)
            if outcome.kind is not OutcomeKind.COMPLETED:
                transaction.set_rollback(True)
                return outcome
            if attempt.task.id not in self._settle(attempt, outcome):
                raise LeaseLost(*attempt.key)
        return None

    def _settle(self, attempt: Attempt, outcome: Outcome) -> dict[UUID, str]:
        return settle(attempt.worker_id, [outcome])

    def _call_handler(self, attempt: Attempt) -> Outcome:
        context = TaskContext(attempt, AttemptRecords(attempt, self._background))
        running.set(context)
        self._interrupter.enter(attempt.key)
        started = time.monotonic()
        try:
            result = attempt.handler.function(context, attempt.params)
            attempt.run_seconds = time.monotonic() - started
            if forked.in_child:
                forked.leave()
            # inside too: what is lazy in it is the handler's own code
            outcome = completed(*attempt.key, result, run_seconds=attempt.run_seconds)
        except BaseException as error:
            attempt.run_seconds = time.monotonic() - started
            if forked.in_child:  # before the transaction around, which is the parent's
                forked.leave(error)
            raise
        finally:
            self._interrupter.leave()
        if outcome.error_code:
            failures.log(outcome, attempt)
        return outcome

    def _outcome_of(self, error: BaseException, attempt: Attempt) -> Outcome | None:
        self._interrupter.leave()
        if forked.in_child:  # of a hook, or of what checks parameters
            forked.leave(error)
        with suppress(BaseException):  # of a signal handler that is about to be put back
            if issubclass(type(error), Interrupted):
                self._connections.close_all()
            else:
                self._connections.close_unclean()
        return outcome_of_error(attempt, error)


def validated_params(attempt: Attempt) -> BaseModel:
    """Raises ParamsRefused."""
    try:
        return attempt.handler.params.model_validate(attempt.task.params)
    except ValidationError as error:
        # in the words of a refusal at submit, which do not repeat values: they may be secrets
        faults = field_errors(error, "params.")
        raise ParamsRefused("; ".join(f"{fault.field}: {fault.message}" for fault in faults)) from None
