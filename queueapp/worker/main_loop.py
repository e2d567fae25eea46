"""The life of a worker process: load a batch, execute, settle, wait for a notification.

It ends when the cluster drains, or when the process has run many tasks or grown large.
"""

import logging
import os
import sys
import time
from contextlib import suppress
from typing import NoReturn
from uuid import UUID

from django.db import DataError, IntegrityError, connection
from django.db import Error as DatabaseError

from queueapp import conf
from queueapp.claiming import Claimed, Claimer
from queueapp.handlers import get_handler
from queueapp.models.base import new_id
from queueapp.redis import notifier
from queueapp.tasks.attempt import KILL_AFTER_SECONDS, Attempt
from queueapp.tasks.settle import Outcome, settle, settle_alone
from queueapp.tenancy import worker_scope
from queueapp.worker import heartbeats
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.executor import Executor
from queueapp.worker.interrupts import Interrupter
from queueapp.worker.lease_keeper import SETTLE_AFTER_SECONDS, LeaseKeeper
from queueapp.worker.log_context import AttemptFilter, add_to_handlers
from queueapp.worker.memory_limit import MemoryLimit
from queueapp.worker.own_process import OwnProcess
from queueapp.worker.pauses import PauseWatch
from queueapp.worker.prefetch import PrefetchBuffer
from queueapp.worker.processes.shared_memory import AsksToEnd, ServeOptions, Slot, get_options
from queueapp.worker.watchdog import Watchdog

logger = logging.getLogger(__name__)

POLL_INTERVAL_SECONDS = 1.0  # an idle worker polls the database this often, notified or not
DRAIN_NOTICED_SECONDS = 0.25  # by an idle worker


def serve(slot_number: int) -> None:
    """What a django-q2 worker process executes: one call is one worker's whole life."""
    options = get_options()
    slot = options.memory.slots[slot_number]
    if slot.pid:
        return  # the slot was dispatched twice
    os.setpgid(0, 0)  # a handler that kills "its group", meaning its program's, kills no other worker and no sentinel
    worker = ServingWorker(options, slot)
    worker.run()
    if worker.is_unfit:
        _exit()


def _exit() -> NoReturn:
    """At once: at an orderly end Python would wait for the threads that a handler left."""
    with suppress(Exception):  # a handler may have closed them
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(1)


class ServingWorker:
    """One worker process. Its id is new at every start."""

    def __init__(self, options: ServeOptions, slot: Slot) -> None:
        self.id: UUID = new_id()
        self._options = options
        self._slot = slot
        self._slot.take(self.id)
        self._claimer = Claimer(self.id, options.capabilities, options.strategy)
        self._buffer = PrefetchBuffer()
        add_to_handlers(AttemptFilter(lambda: self._buffer.running))
        self._background = BackgroundConnection()
        interrupter = Interrupter()
        self._executor = Executor(self._background, interrupter, OwnProcess())
        self._pause_watch = PauseWatch(self.id, self._claimer.pauses, self._buffer)
        keeper = LeaseKeeper(self.id, self._buffer, slot, options.memory, self._pause_watch)
        self._watchdog = Watchdog(keeper, self._buffer, slot, options.memory, interrupter, self._background)
        self._memory_limit = MemoryLimit()
        self._registered = False
        self._executed = 0
        self._idle = True

    @property
    def is_unfit(self) -> bool:
        """Whether an attempt left something that no other may meet."""
        return self._executor.unfit is not None

    def run(self) -> None:
        self._watchdog.start()
        while not self._should_leave():
            try:
                self._register_once()
                if self._load_batch():
                    self._execute_batch()
                else:
                    self._wait()
            except DatabaseError as error:
                self._recover(error)
        self._leave()

    def _wait(self) -> None:
        """For a notification, in steps so short that a drain is noticed."""
        ends = time.monotonic() + POLL_INTERVAL_SECONDS
        while (left := ends - time.monotonic()) > 0 and not self._options.memory.draining:
            if notifier.wait(self._claimer.queues, min(left, DRAIN_NOTICED_SECONDS)):
                return

    def _register_once(self) -> None:
        if not self._registered:
            heartbeats.register(self.id, self._options.cluster_id, self._options.capabilities)
            self._registered = True

    def _load_batch(self) -> bool:
        """Have something to execute: what is left of the last batch, or the next. False when nothing is ready."""
        if self._buffer.has_unstarted:  # from before the database went away
            return True
        tasks = self._settle_and_claim()
        self._buffer.load(Attempt(task, self.id, get_handler(task.type)) for task in tasks)
        if self._idle and self._claimer.more_waiting:
            # one notification woke us, however much was submitted: pass it on, so that a bulk wakes all in turn
            notifier.notify({task.queue for task in tasks})
        self._idle = not tasks
        if self._pause_watch.hand_back():
            self._settle()
        return self._buffer.has_unstarted

    def _settle_and_claim(self) -> list[Claimed]:
        """The end of one batch and the start of the next in one transaction, so that a batch costs one commit."""
        outcomes = self._buffer.take_outcomes()
        try:
            if not outcomes:
                return self._claimer.claim()  # its one statement commits itself
            with worker_scope(self.id):
                settled = settle(self.id, outcomes)
                tasks = self._claimer.claim()
        except IntegrityError as error:
            self._store_without_claim(outcomes, error)
            return []
        except DataError:
            self._settle_each(outcomes)
            return []
        except DatabaseError:
            self._buffer.requeue(outcomes)
            raise
        _log_lost(outcomes, settled)
        return tasks

    def _store_without_claim(self, outcomes: list[Outcome], error: IntegrityError) -> None:
        """The claim was refused, and with it the outcomes were, which are good: two partitions have one id."""
        self._buffer.requeue(outcomes)
        self._settle()
        constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        logger.error(
            "claim refused: %s", str(error).strip(), extra={"event": "partition_collision", "constraint": constraint}
        )

    def _execute_batch(self) -> None:
        while attempt := self._buffer.start_next():
            self._execute(attempt)
            if self._buffer.oldest_outcome_seconds > SETTLE_AFTER_SECONDS:
                self._settle()
            if self._options.memory.draining or self._executor.unfit:
                break

    def _execute(self, attempt: Attempt) -> None:
        # for the supervisor: which task is to blame should the process die, and when it must be ended
        task = attempt.task
        self._slot.begin(task.id, task.attempt, attempt.started + task.timeout_seconds + KILL_AFTER_SECONDS)
        outcome = self._executor.execute(attempt)
        self._slot.kill_at = 0.0
        self._claimer.batch_sizes.record(task.type, attempt.seconds)
        self._buffer.finish(outcome)
        self._executed += 1

    def _settle(self) -> None:
        """Store the outcomes now; where the database is away they stay in the buffer."""
        outcomes = self._buffer.take_outcomes()
        try:
            _log_lost(outcomes, settle(self.id, outcomes))
        except DataError:
            self._settle_each(outcomes)
        except DatabaseError:
            self._buffer.requeue(outcomes)
            raise

    def _settle_each(self, outcomes: list[Outcome]) -> None:
        """PostgreSQL refused one of the batch, so none was stored. Together they would be refused again and again."""
        for place, outcome in enumerate(outcomes):
            try:
                _log_lost([outcome], settle_alone(self.id, outcome))
            except DatabaseError:
                self._buffer.requeue(outcomes[place:])
                raise

    def _recover(self, error: DatabaseError) -> None:
        logger.warning("database away", extra={"event": "db_connection_failed", "error": str(error).strip()})
        connection.close()
        self._claimer.forget()
        time.sleep(0.2)

    def _should_leave(self) -> bool:
        return (
            self._options.memory.draining
            or not self._watchdog.still_ours
            or self._executed >= conf.settings.worker_max_tasks
            or self._memory_limit.check()
            or self.is_unfit
        )

    def _leave(self) -> None:
        """Settle what is finished, release what is not started, sign off and free the slot."""
        try:
            settle(self.id, self._buffer.take_outcomes() + self._buffer.release_unstarted())
            if self._registered:
                heartbeats.sign_off(self.id)
        except DatabaseError as error:
            logger.warning("not signed off", extra={"event": "db_connection_failed", "error": str(error).strip()})
            # and the supervisor sees to it that what we hold is released
            self._slot.asks_to_end = AsksToEnd.NOT_SIGNED_OFF
        self._watchdog.stop()
        self._background.close()
        connection.close()
        if self._slot.pid == os.getpid() and not self._slot.asks_to_end:
            self._slot.leave()


def _log_lost(outcomes: list[Outcome], settled: dict[UUID, str]) -> None:
    for outcome in outcomes:
        if outcome.id not in settled:
            logger.warning("stale outcome refused", extra={"event": "stale_write_rejected", "task_id": str(outcome.id)})
