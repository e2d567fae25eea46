"""The event loop of a worker, in a thread of its own, and what others can tell of it while something blocks it."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

from queueapp.worker.asynchronous.interruption import current

logger = logging.getLogger(__name__)

NAME = "event loop"


class EventLoop(threading.Thread):
    """Runs until `stop()`. `on_answer` is called on it with the seconds that each `ping` had to wait."""

    def __init__(self, on_answer: Callable[[float], None]) -> None:
        super().__init__(name=NAME, daemon=True)
        self._on_answer = on_answer
        self._loop = asyncio.new_event_loop()
        self._loop.set_task_factory(_make_task)  # type: ignore[arg-type]  # typeshed's is of one Python alone
        self._pinged_at: float | None = None  # while no answer has come
        self._stopping = False

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Call a function on the loop, from any thread."""
        self._loop.call_soon_threadsafe(function, *args)

    def ping(self) -> None:
        """For the watchdog. Does nothing while the last one is not answered."""
        if self._pinged_at is None:
            self._pinged_at = time.monotonic()
            self.call(self._answer)

    def silent_seconds(self, now: float) -> float:
        """For how long something has blocked the loop."""
        pinged_at = self._pinged_at
        return 0.0 if pinged_at is None else now - pinged_at

    def current_task(self) -> "asyncio.Task[Any] | None":
        """The task that runs on the loop at this moment."""
        return asyncio.current_task(self._loop)

    def stop(self) -> None:
        self._stopping = True
        self.call(self._loop.stop)
        self.join(timeout=1.0)

    def run(self) -> None:
        while not self._stopping:
            try:
                self._loop.run_forever()
            except BaseException:  # SystemExit, in a task that a handler started, comes out here
                logger.exception("a task of a handler left the event loop", extra={"event": "handler_left_state"})
        self._loop.close()

    def _answer(self) -> None:
        pinged_at = self._pinged_at
        if pinged_at is not None:
            self._on_answer(time.monotonic() - pinged_at)
            self._pinged_at = None


def _make_task(
    loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
) -> "asyncio.Task[Any]":
    """Task factory: notes whose attempt each task belongs to."""
    task = asyncio.Task(coroutine, loop=loop, **options)
    context = options.get("context")
    attempt = current.get() if context is None else context.get(current)
    if attempt is not None:
        attempt.tasks.add(task)
    return task
