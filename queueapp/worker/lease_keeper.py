"""What a worker does at the database while a handler runs: renew leases, settle behind it, hear of cancels.

Each pass runs on the background connection, and the watchdog starts the next when it has ended.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import Error as DatabaseError

from queueapp.claiming.claimer import LEASE_SECONDS
from queueapp.tasks.attempt import AttemptKey
from queueapp.tasks.leases import renew
from queueapp.tasks.settle import Outcome, OutcomeKind, settle
from queueapp.worker.heartbeats import heartbeat
from queueapp.worker.pauses import PauseWatch
from queueapp.worker.prefetch import PrefetchBuffer
from queueapp.worker.processes.shared_memory import AsksToEnd, ClusterMemory, Slot

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
EARLY_SECONDS = 0.1  # half a tick of the watchdog
RENEW_SECONDS = LEASE_SECONDS / 4  # so that a lease outlives a database that is silent for twenty seconds
SETTLE_AFTER_SECONDS = 0.025  # outcomes wait no longer than this behind a slow handler
RELEASE_AFTER_SECONDS = 1.0
DISOBEDIENCE_SECONDS = 0.5  # after the end of a drain


class LeaseKeeper:
    """Tells attempts that they are lost or to stop; `still_ours` turns False when this worker was declared dead."""

    def __init__(
        self, worker_id: UUID, buffer: PrefetchBuffer, slot: Slot, memory: ClusterMemory, pause_watch: PauseWatch
    ) -> None:
        self.still_ours = True
        self._worker_id = worker_id
        self._buffer = buffer
        self._slot = slot
        self._memory = memory
        self._pause_watch = pause_watch
        self._heartbeat_at = self.renewed_at = time.monotonic()
        self._resting_until = 0.0

    @property
    def is_resting(self) -> bool:
        return self._pause_watch.is_resting

    @property
    def has_work(self) -> bool:
        """Whether a pass would do anything now."""
        if time.monotonic() < self._resting_until:
            return False
        return self._heartbeat_is_due or self._settling_is_due or self._releasing_is_due or self._giving_up_is_due

    def work(self) -> None:
        """One pass. A database that is away is logged, and tried again a second later."""
        try:
            if self._heartbeat_is_due:
                self._heartbeat()
            if outcomes := self._due_outcomes():
                self._settle(outcomes)
        except DatabaseError as error:
            logger.warning("heartbeat not stored", extra={"event": "db_connection_failed", "error": str(error).strip()})
            self._resting_until = time.monotonic() + HEARTBEAT_SECONDS
            raise  # so that the connection is closed
        except Exception:
            logger.exception("heartbeat failed", extra={"event": "heartbeat_failed"})
            self._resting_until = time.monotonic() + HEARTBEAT_SECONDS

    @property
    def _heartbeat_is_due(self) -> bool:
        # at the tick that is nearest: the next comes when it has been due for a while
        return time.monotonic() - self._heartbeat_at >= HEARTBEAT_SECONDS - EARLY_SECONDS

    @property
    def _settling_is_due(self) -> bool:
        return self._buffer.running is not None and self._buffer.oldest_outcome_seconds > SETTLE_AFTER_SECONDS

    @property
    def _releasing_is_due(self) -> bool:
        running = self._buffer.running
        return running is not None and self._buffer.has_unstarted and running.seconds > RELEASE_AFTER_SECONDS

    @property
    def _giving_up_is_due(self) -> bool:
        """The drain has ended, and a handler did not obey."""
        over_seconds = time.monotonic() - self._memory.drain_until
        return over_seconds > DISOBEDIENCE_SECONDS and bool(self._buffer.started()) and not self._slot.asks_to_end

    def _due_outcomes(self) -> list[Outcome]:
        """A slow handler must hold up no other task: settle what is finished, release what is not started."""
        giving_up = self._giving_up_is_due
        outcomes = self._buffer.take_outcomes() if giving_up or self._settling_is_due else []
        if giving_up or self._releasing_is_due:
            outcomes += self._buffer.release_unstarted()
        if giving_up:
            outcomes += [Outcome(*attempt.key, OutcomeKind.RELEASED) for attempt in self._buffer.started()]
        return outcomes

    def _settle(self, outcomes: list[Outcome]) -> None:
        giving_up = self._giving_up_is_due
        try:
            settle(self._worker_id, outcomes)
        except DatabaseError:
            # fenced, so storing them again cannot hurt, if the database stored them the first time
            self._buffer.requeue(outcomes)
            raise
        if giving_up:
            self._slot.asks_to_end = AsksToEnd.DRAIN_DISOBEYED

    def _heartbeat(self) -> None:
        """Renew leases, store progress, and learn what is cancelled or lost."""
        began = self._heartbeat_at = time.monotonic()
        held = self._buffer.held()
        is_due = began - self.renewed_at >= RENEW_SECONDS
        renewed = self._ask_database(held, is_due)
        if is_due:
            self.renewed_at = began
        self._buffer.forget({(task_id, attempt) for task_id, attempt in held if task_id not in renewed})
        for attempt in self._buffer.started():
            if attempt.key not in held:
                continue  # it has started since
            if attempt.task.id not in renewed:
                attempt.lost = True
            elif renewed[attempt.task.id]:
                attempt.cancel_requested = True

    def _ask_database(self, held: Mapping[AttemptKey, Any], renew_due: bool) -> dict[UUID, bool]:
        renewed = renew(self._worker_id, held, renew=renew_due)
        if renew_due:
            self.still_ours = heartbeat(self._worker_id)
        self.still_ours = self._pause_watch.obey() and self.still_ours
        return renewed
