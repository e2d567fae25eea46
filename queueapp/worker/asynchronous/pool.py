"""The attempts that run on the event loop of a worker: started by the main thread, watched by the watchdog."""

import asyncio
import gc
import logging
import threading
from collections import Counter
from collections.abc import Sequence

from asgiref.sync import ThreadSensitiveContext

from queueapp import conf
from queueapp.handler_options import MAX_CONCURRENCY
from queueapp.handlers import Handler
from queueapp.tasks.attempt import Attempt, AttemptKey
from queueapp.tasks.failure_log import fields_of
from queueapp.tasks.settle import Outcome
from queueapp.worker.asynchronous.event_loop import EventLoop
from queueapp.worker.asynchronous.executor import AsyncExecutor
from queueapp.worker.asynchronous.interruption import Interruptible, current
from queueapp.worker.asynchronous.lent_threads import CallsOfAttempt, LentThreads
from queueapp.worker.interrupts import Interrupted
from queueapp.worker.prefetch import PrefetchBuffer
from queueapp.worker.process_state import clean_context
from queueapp.worker.processes.shared_memory import AsksToEnd, Slot

logger = logging.getLogger(__name__)

BLOCKED_SECONDS = 1.0


class AttemptPool:
    """Made by the main thread. `progressed` is set whenever an attempt has ended."""

    def __init__(self, executor: AsyncExecutor, buffer: PrefetchBuffer, slot: Slot) -> None:
        self._executor = executor
        self._buffer = buffer
        self._slot = slot
        self._threads = LentThreads(conf.settings.worker_async_threads)
        self._context = clean_context()
        self._loop: EventLoop | None = None  # started with the first attempt
        self._running: dict[AttemptKey, Interruptible] = {}
        self._by_type: Counter[str] = Counter()
        self._lock = threading.Lock()  # of the two above, and of the four below
        self._first: Interruptible | None = None  # whose limit the slot names
        self._is_blocked = False
        self._blocker: Interruptible | None = None
        self._last_ended: Attempt | None = None
        self._reported: set[str] = set()  # types
        self.progressed = threading.Event()

    @property
    def is_empty(self) -> bool:
        return not self._by_type.total()

    def room(self, handler: Handler) -> int:
        """How many more tasks of a handler may start now."""
        return min(handler.concurrency - self._by_type[handler.type], MAX_CONCURRENCY - self._by_type.total())

    def start(self, attempts: Sequence[Attempt]) -> None:
        """For the main thread; waits for nothing."""
        if not attempts:
            return
        if self._loop is None:
            self._loop = EventLoop(self._hear_answer)
            self._loop.start()
        with self._lock:
            self._by_type.update(attempt.handler.type for attempt in attempts)
        self._loop.call(self._begin, attempts)

    def take_last_ended(self) -> Attempt | None:
        """The attempt after whose end none was left, once: the moment to look at what they left in the process."""
        last, self._last_ended = self._last_ended, None
        return last

    def close(self) -> None:
        """For the main thread, when all have ended."""
        if self._loop is not None:
            self._loop.stop()
        self._threads.close()

    def _begin(self, attempts: Sequence[Attempt]) -> None:
        """On the loop, as all down to `_hear_answer`."""
        loop = asyncio.get_running_loop()
        started = [Interruptible(attempt, CallsOfAttempt(self._threads)) for attempt in attempts]
        with self._lock:
            self._running.update((running.attempt.key, running) for running in started)
            self._name_first()
        for running in started:
            context = self._context.copy()
            context.run(current.set, running)
            running.task = loop.create_task(self._run(running), context=context)

    async def _run(self, running: Interruptible) -> None:
        async with ThreadSensitiveContext(executor=running.calls):
            outcome = await self._executor.execute(running.attempt)
            await self._end_what_it_left(running)
        self._end(running, outcome)

    async def _end_what_it_left(self, running: Interruptible) -> None:
        """Tasks that the handler started and did not wait for, and calls that went on when it was cancelled."""
        while left := {task for task in running.tasks if not task.done()} - {asyncio.current_task()}:
            about = {"event": "handler_left_state", **fields_of(running.attempt.task)}
            logger.warning("%d asyncio tasks left behind", len(left), extra=about)
            for task in left:
                task.cancel()
            await asyncio.wait(left)
        await running.calls.end()
        if running.calls.left_transaction:
            # a generator that holds its atomic() block, collected in another thread, would end what is open there
            gc.collect()

    def _end(self, running: Interruptible, outcome: Outcome | None) -> None:
        attempt = running.attempt
        self._buffer.finish_concurrent(attempt, outcome)
        with self._lock:
            del self._running[attempt.key]
            self._by_type[attempt.handler.type] -= 1
            if not self._running:
                self._last_ended = attempt
            if self._first in (None, running):
                self._name_first()
            else:  # they may be a thousand, and many may end at once
                self._slot.concurrent = len(self._running)
        self.progressed.set()

    def _hear_answer(self, silent_seconds: float) -> None:
        """Whatever blocked the loop has ended. The other attempts could do nothing meanwhile."""
        if silent_seconds > BLOCKED_SECONDS:
            for running in self._running.values():
                if running is not self._blocker:
                    running.attempt.held_up_seconds += min(silent_seconds, running.attempt.seconds)

    def watch(self, now: float) -> None:
        """See whether the loop answers, and tell the supervisor whose limit comes first. For the watchdog."""
        if self._loop is None or not self._running:
            return
        self._loop.ping()
        with self._lock:
            self._is_blocked = self._loop.silent_seconds(now) > BLOCKED_SECONDS
            self._blocker = self._find_blocker(self._loop) if self._is_blocked else None
            self._name_first()
            if self._first is None and any(running.attempt.kill_at < now for running in self._running.values()):
                self._slot.asks_to_end = AsksToEnd.LOOP_BLOCKED

    def is_held_up(self, attempt: Attempt) -> bool:
        """Whether another attempt blocks the loop, so that this one can obey nobody."""
        return attempt.handler.is_async and self._is_blocked and getattr(self._blocker, "attempt", None) is not attempt

    def interrupt(self, attempt: Attempt, cause: type[Interrupted]) -> None:
        """Cancel it, should it still be inside its handler. For the watchdog."""
        running = self._running.get(attempt.key)
        if running is not None and self._loop is not None:
            self._loop.call(running.interrupt, cause)

    def _find_blocker(self, loop: EventLoop) -> Interruptible | None:
        """The attempt that blocks the loop, as far as can be known: a callback belongs to no task."""
        task = loop.current_task()
        all_running = list(self._running.values())
        mine = [running for running in all_running if task in running.tasks] or all_running
        if len(mine) > 1:
            return self._blocker
        (blocker,) = mine
        handled = blocker.attempt.task
        if handled.type not in self._reported:
            self._reported.add(handled.type)
            about = {"event": "event_loop_blocked", **fields_of(handled)}
            logger.warning("%s blocks the event loop, and holds up all that run on it", handled.type, extra=about)
        return blocker

    def _name_first(self) -> None:
        """Tell the supervisor how many run, and whose limit comes first. Under the lock."""
        if self._is_blocked:
            self._first = self._blocker
        else:
            self._first = min(self._running.values(), key=lambda running: running.attempt.kill_at, default=None)
        if self._first is None:
            self._slot.begin_concurrent(len(self._running), None, 0.0)
        else:
            attempt = self._first.attempt
            self._slot.begin_concurrent(len(self._running), attempt.key, attempt.kill_at)
