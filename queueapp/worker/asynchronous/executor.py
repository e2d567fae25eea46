"""The executor of `async def` handlers: the steps of one attempt, as worker/executor.py has them for the others."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from queueapp.hooks import AsyncAttemptHook, hooks_around
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.settle import Outcome, completed, expired
from queueapp.tenancy import bind_tenant_of_context
from queueapp.worker import failures, forked
from queueapp.worker.asynchronous.interruption import AwaitableHandler, current
from queueapp.worker.attempt_records import AttemptRecords
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.context import TaskContext, running
from queueapp.worker.executor import validated_params
from queueapp.worker.outcomes import outcome_of_error

Step = Callable[[Attempt], Awaitable[Outcome | None]]


class AsyncExecutor:
    """Runs attempts, each in the context of its caller: validate the parameters, pass the hooks, await the handler."""

    def __init__(self, background: BackgroundConnection) -> None:
        self._background = background

    async def execute(self, attempt: Attempt) -> Outcome | None:
        """Run the attempt, unless it has expired.

        Returns the outcome to settle; None when it is settled already or the lease is gone. Raises nothing: whatever
        the handler raises is its attempt's error.
        """
        if attempt.has_expired:
            return expired(*attempt.key)
        try:
            return await self.run(attempt)
        except BaseException as error:
            return _outcome_of(error, attempt)

    async def run(self, attempt: Attempt) -> Outcome | None:
        """As execute, but raises what the handler raises."""
        attempt.params = validated_params(attempt)
        bind_tenant_of_context(attempt.task.tenant_id)
        step: Step = self._call_handler
        for hook in reversed(hooks_around(attempt.handler)):
            step = partial(self._pass_hook, hook, step)
        return await step(attempt)

    async def _pass_hook(self, hook: AsyncAttemptHook, step: Step, attempt: Attempt) -> Outcome | None:
        async def proceed() -> Outcome | None:
            try:
                return await step(attempt)
            except BaseException as error:  # so that the hook sees what becomes of it
                return _outcome_of(error, attempt)

        return await hook(attempt, proceed)

    async def _call_handler(self, attempt: Attempt) -> Outcome:
        context = TaskContext(attempt, AttemptRecords(attempt, self._background))
        running.set(context)
        started = time.monotonic()
        try:
            result = await _interruptible(attempt.handler.function(context, attempt.params))
            attempt.run_seconds = time.monotonic() - started
            if forked.in_child:
                forked.leave()
            # inside too: what is lazy in it is the handler's own code
            outcome = completed(*attempt.key, result, run_seconds=attempt.run_seconds)
        except BaseException as error:
            attempt.run_seconds = time.monotonic() - started
            if forked.in_child:
                forked.leave(error)
            raise
        if outcome.error_code:
            failures.log(outcome, attempt)
        return outcome


def _interruptible(handler: Coroutine[Any, Any, Any]) -> Awaitable[Any]:
    interruptible = current.get()
    return handler if interruptible is None else AwaitableHandler(interruptible, handler)


def _outcome_of(error: BaseException, attempt: Attempt) -> Outcome | None:
    if forked.in_child:  # of a hook, or of what checks parameters
        forked.leave(error)
    interruptible = current.get()
    if interruptible is not None and interruptible.cause and issubclass(type(error), asyncio.CancelledError):
        error = interruptible.cause().with_traceback(error.__traceback__)
    return outcome_of_error(attempt, error)
