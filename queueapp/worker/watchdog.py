"""The watchdog: a thread in each worker that says it is alive and enforces the limits of its tasks.

It never waits for the network: what a worker does at the database beside its tasks, it only starts (lease_keeper.py).
It interrupts handlers and ends nothing: what does not obey, the supervisor ends.
"""

import logging
import os
import threading
import time
from concurrent.futures import Future

from queueapp.claiming.claimer import LEASE_SECONDS
from queueapp.tasks.attempt import Attempt
from queueapp.worker.asynchronous.pool import AttemptPool
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.interrupts import (
    CancelRequested,
    DrainLimit,
    Interrupted,
    Interrupter,
    LeaseGone,
    SoftTimeout,
    TimeLimit,
)
from queueapp.worker.lease_keeper import LeaseKeeper
from queueapp.worker.prefetch import PrefetchBuffer
from queueapp.worker.processes.shared_memory import AsksToEnd, ClusterMemory, Slot

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.2
RESTING_TICK_SECONDS = 1.0  # while the worker waits for something to do
BUSY_TICK_SECONDS = 0.025  # while something waits behind a slow handler
FROZEN_SECONDS = 2.0  # between two ticks: the process or the machine stood still
INTERRUPT_AGAIN_SECONDS = 1.0


class Watchdog(threading.Thread):
    """Runs until `stop()`."""

    def __init__(
        self,
        keeper: LeaseKeeper,
        buffer: PrefetchBuffer,
        slot: Slot,
        memory: ClusterMemory,
        interrupter: Interrupter,
        pool: AttemptPool,
        background: BackgroundConnection,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._keeper = keeper
        self._buffer = buffer
        self._slot = slot
        self._memory = memory
        self._interrupter = interrupter
        self._pool = pool
        self._background = background
        self._work: Future[None] | None = None
        self._stopping = False
        self._wanted = threading.Event()
        self._must_stop_some = False  # as the last pass has learnt
        self._pid = os.getpid()
        self._ticked_at = self._awake_since = time.monotonic()

    @property
    def still_ours(self) -> bool:
        """False when others have declared this worker dead, or its slot was given to two processes at once."""
        return self._keeper.still_ours and self._slot.pid == self._pid

    def wake(self) -> None:
        """The worker has rested, and has something to do now."""
        self._wanted.set()

    def stop(self) -> None:
        self._stopping = True
        self._wanted.set()
        self.join(timeout=1.0)

    def run(self) -> None:
        while not self._stopping:
            if self._wanted.wait(self._seconds_to_next_tick):
                self._wanted.clear()  # and tick as often as the worker's state asks for, though not while it begins
                if not self._must_stop_some:
                    continue
            self._must_stop_some = False
            try:
                self._tick()
            except Exception:  # without us the worker would seem dead, and its task would be blamed
                logger.exception("watchdog failed", extra={"event": "heartbeat_failed"})

    @property
    def _seconds_to_next_tick(self) -> float:
        if self._buffer.running is None:
            return RESTING_TICK_SECONDS if self._keeper.is_resting else TICK_SECONDS
        is_waited_for = self._buffer.has_unstarted or self._buffer.oldest_outcome_seconds > 0
        return BUSY_TICK_SECONDS if is_waited_for else TICK_SECONDS

    def _tick(self) -> None:
        now = time.monotonic()
        if now - self._ticked_at > FROZEN_SECONDS:
            self._awake_since = now
        self._ticked_at = now
        if self._slot.pid == self._pid:
            self._slot.heartbeat_at = now
        self._pool.watch(now)
        for running in self._buffer.started():
            if (cause := self._cause_to_stop(running, now)) is not None:
                self._interrupt(running, cause, now)
            self._give_up_unrenewed(running, now)
        if (self._work is None or self._work.done()) and self._keeper.has_work:
            self._work = self._background.start(self._keeper.work)
            self._work.add_done_callback(self._act_on_stops)

    def _act_on_stops(self, _: Future[None]) -> None:
        """Where the pass has learnt that an attempt is to stop, tell it now, not a tick later."""
        if any(attempt.lost or attempt.cancel_requested for attempt in self._buffer.started()):
            self._must_stop_some = True
            self._wanted.set()

    def _cause_to_stop(self, running: Attempt, now: float) -> type[Interrupted] | None:
        if running.lost:
            return LeaseGone
        if running.cancel_requested:
            return CancelRequested
        if now >= self._memory.drain_until:
            return DrainLimit
        if self._pool.is_held_up(running):
            return None
        if now >= running.deadline:
            return TimeLimit
        soft_deadline = running.soft_deadline
        if soft_deadline is not None and now >= soft_deadline and not running.soft_timeout_raised:
            running.soft_timeout_raised = True
            return SoftTimeout
        return None

    def _interrupt(self, running: Attempt, cause: type[Interrupted], now: float) -> None:
        # again after a second, should the handler have swallowed it; not sooner, so that it can clean up
        if now - running.interrupted_at >= INTERRUPT_AGAIN_SECONDS:
            running.interrupted_at = now
            if running.handler.is_async:
                self._pool.interrupt(running, cause)
            else:
                self._interrupter.interrupt(running.key, cause)

    def _give_up_unrenewed(self, running: Attempt, now: float) -> None:
        """Where the database did not answer for so long that others may hold our tasks, stop working at them."""
        if now - max(self._keeper.renewed_at, running.started, self._awake_since) > LEASE_SECONDS:
            self._slot.asks_to_end = AsksToEnd.DATABASE_SILENT
