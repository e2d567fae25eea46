"""How an attempt on the event loop is interrupted: by Task.cancel(), as everything in asyncio is.

So the handler gets CancelledError, which its `finally` blocks, time-outs and groups of tasks know. Only SoftTimeout,
which it may want to catch by its name, comes under that name.
"""

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import ContextVar
from typing import Any
from weakref import WeakSet

from queueapp.tasks.attempt import Attempt
from queueapp.worker.asynchronous.lent_threads import CallsOfAttempt
from queueapp.worker.interrupts import Interrupted, SoftTimeout


class SoftTimeoutOnLoop(SoftTimeout, asyncio.CancelledError):
    """Both, so that groups of tasks end what they wait for."""


class Interruptible:
    """An attempt on the event loop, in the thread of which alone it is used."""

    def __init__(self, attempt: Attempt, calls: CallsOfAttempt) -> None:
        self.attempt = attempt
        self.calls = calls
        self.task: asyncio.Task[None]  # its own
        self.tasks: WeakSet[asyncio.Task[Any]] = WeakSet()  # that too, and those that its handler started
        self.cause: type[Interrupted] | None = None  # the last
        self._handler_task: asyncio.Task[Any] | None = None  # while the handler runs
        self._soft_is_due = False

    def interrupt(self, cause: type[Interrupted]) -> None:
        """Cancel the handler, if it still runs; never what the platform does before it and after."""
        if self._handler_task is None:
            return
        if cause is SoftTimeout:
            if not self.calls.are_made:  # asgiref would give it another name
                self.attempt.soft_timeout_raised = False  # so once more
                return
            self._soft_is_due = True
        self.cause = cause
        self._handler_task.cancel(cause.reason)

    def run(self, handler: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Drive the handler as `yield from` would, with SoftTimeout for the CancelledError that stands for it."""
        self._handler_task = asyncio.current_task()
        step, value = handler.send, None
        try:
            while True:
                awaited = step(value)
                try:
                    step, value = handler.send, (yield awaited)
                except asyncio.CancelledError as error:
                    step, value = handler.throw, self._renamed(error)
                except BaseException as error:
                    step, value = handler.throw, error
        except StopIteration as returned:
            return returned.value
        finally:
            self._handler_task = None
            handler.close()

    def _renamed(self, error: asyncio.CancelledError) -> asyncio.CancelledError:
        if not self._soft_is_due:
            return error
        self._soft_is_due = False
        if self._handler_task is not None:
            self._handler_task.uncancel()  # it may go on
        return SoftTimeoutOnLoop()


class AwaitableHandler:
    """`await` for a handler that can be interrupted."""

    def __init__(self, interruptible: Interruptible, handler: Coroutine[Any, Any, Any]) -> None:
        self._interruptible, self._handler = interruptible, handler

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._interruptible.run(self._handler)


# of the attempt whose context this is; none in a test's own event loop
current: ContextVar[Interruptible | None] = ContextVar("attempt_on_loop", default=None)
