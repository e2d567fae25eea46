"""The watchdog: a thread in each worker that renews its leases and enforces the limits of its tasks.

It also notices cancellation, interrupts the handler at its limit, settles what a slow handler keeps waiting, and ends
the process of a handler that does not obey; the sentinel replaces it.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError

from queueapp.claiming.claimer import LEASE_SECONDS
from queueapp.tasks.attempt import AttemptKey
from queueapp.tasks.leases import renew
from queueapp.tasks.settle import Outcome, settle
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.heartbeats import heartbeat
from queueapp.worker.interrupts import CancelRequested, Interrupted, Interrupter, LeaseGone, SoftTimeout, TimeLimit
from queueapp.worker.outcomes import timed_out
from queueapp.worker.prefetch import PrefetchBuffer
from queueapp.worker.processes.shared_memory import Slot

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.2
BUSY_TICK_SECONDS = 0.025  # outcomes wait no longer than this behind a slow handler
HEARTBEAT_SECONDS = 1.0
RENEW_SECONDS = LEASE_SECONDS / 3
RELEASE_AFTER_SECONDS = 1.0
INTERRUPT_AGAIN_SECONDS = 1.0


class Watchdog(threading.Thread):
    """Runs until `stop()`. `still_ours` turns False when others have declared this worker dead."""

    def __init__(
        self,
        worker_id: UUID,
        buffer: PrefetchBuffer,
        slot: Slot,
        interrupter: Interrupter,
        background: BackgroundConnection,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.still_ours = True
        self._worker_id = worker_id
        self._buffer = buffer
        self._slot = slot
        self._interrupter = interrupter
        self._background = background
        self._stopping = threading.Event()
        self._heartbeat_at = self._renewed_at = self._answered_at = time.monotonic()

    def stop(self) -> None:
        self._stopping.set()
        self.join(timeout=1.0)

    def run(self) -> None:
        busy = False
        while not self._stopping.wait(BUSY_TICK_SECONDS if busy else TICK_SECONDS):
            self._slot.heartbeat_at = time.monotonic()
            self._enforce_limits()
            self._settle_behind_handler()
            if time.monotonic() - self._heartbeat_at >= HEARTBEAT_SECONDS:
                self._heartbeat()
            busy = self._buffer.running is not None and (
                self._buffer.has_unstarted or self._buffer.oldest_outcome_seconds > 0
            )

    def _enforce_limits(self) -> None:
        running = self._buffer.running
        if running is None:
            return
        now = time.monotonic()
        soft_deadline = running.soft_deadline
        if now >= running.kill_at:
            self._end_process(f"task {running.task.id} did not obey its limit of {running.task.timeout_seconds} s")
        elif now >= running.deadline:
            self._interrupt(TimeLimit)
        elif soft_deadline is not None and now >= soft_deadline and not running.soft_timeout_raised:
            running.soft_timeout_raised = True
            self._interrupt(SoftTimeout)

    def _settle_behind_handler(self) -> None:
        """A slow handler must hold up no other task: settle what is finished, release what is not started."""
        running = self._buffer.running
        if running is None:
            return
        outcomes = self._buffer.take_outcomes() if self._buffer.oldest_outcome_seconds > BUSY_TICK_SECONDS else []
        if self._buffer.has_unstarted and running.seconds > RELEASE_AFTER_SECONDS:
            outcomes += self._buffer.release_unstarted()
        if outcomes:
            self._settle(outcomes)

    def _heartbeat(self) -> None:
        """Renew leases, store progress, and learn what is cancelled or lost."""
        self._heartbeat_at = time.monotonic()
        held = self._buffer.held()
        is_due = self._heartbeat_at - self._renewed_at >= RENEW_SECONDS
        try:
            renewed = self._background.call(self._ask_database, held, is_due)
        except (DatabaseError, TimeoutError) as error:
            self._on_no_answer(error)
            return
        self._answered_at = time.monotonic()
        if is_due:
            self._renewed_at = self._answered_at
        self._buffer.forget({(task_id, attempt) for task_id, attempt in held if task_id not in renewed})
        running = self._buffer.running
        if running is None or running.key not in held:
            return
        if running.task.id not in renewed:
            self._interrupt(LeaseGone)
        elif renewed[running.task.id]:
            running.cancel_requested = True
            self._interrupt(CancelRequested)

    def _ask_database(self, held: Mapping[AttemptKey, Any], renew_due: bool) -> dict[UUID, bool]:
        renewed = renew(self._worker_id, held, renew=renew_due)
        if renew_due:
            self.still_ours = heartbeat(self._worker_id)
        return renewed

    def _on_no_answer(self, error: Exception) -> None:
        """The database does not answer. After LEASE_SECONDS others may hold our tasks, so end the process."""
        silent = time.monotonic() - self._answered_at
        logger.warning("heartbeat not stored", extra={"event": "db_connection_failed", "error": str(error).strip()})
        if silent > LEASE_SECONDS and self._buffer.running is not None:
            self._end_process(f"the database did not answer for {silent:.0f} s")

    def _interrupt(self, cause: type[Interrupted]) -> None:
        running = self._buffer.running
        now = time.monotonic()
        # again after a second, should the handler have swallowed it; not sooner, so that it can clean up
        if running is not None and now - running.interrupted_at >= INTERRUPT_AGAIN_SECONDS:
            running.interrupted_at = now
            self._interrupter.interrupt(running.key, cause)

    def _settle(self, outcomes: list[Outcome]) -> None:
        try:
            self._background.call(settle, self._worker_id, outcomes)
        except (DatabaseError, TimeoutError) as error:
            # fenced, so storing them again cannot hurt, if the database stored them the first time
            self._buffer.requeue(outcomes)
            logger.warning("outcomes not stored", extra={"event": "db_connection_failed", "error": str(error).strip()})

    def _end_process(self, reason: str) -> None:
        """Settle and release what can be, then end: a handler that does not stop cannot be waited for."""
        logger.error("worker ends itself: %s", reason, extra={"event": "task_killed"})
        running = self._buffer.running
        outcomes = self._buffer.take_outcomes() + self._buffer.release_unstarted()
        if running is not None:
            outcomes.append(timed_out(running, "Its worker was ended after its limit of"))
        self._settle(outcomes)
        os.kill(os.getpid(), signal.SIGKILL)
