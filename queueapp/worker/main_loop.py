"""The life of a worker process: claim, execute, settle, wait for the bell; until told to drain or worn out."""

import logging
import os
import resource
import time
from uuid import UUID

import psutil
from django.db import DataError, connection
from django.db import Error as DatabaseError

from queueapp import conf
from queueapp.claiming import Claimed, Claimer
from queueapp.models.base import new_id
from queueapp.redis import notifier
from queueapp.tasks.settle import Outcome, settle, settle_alone
from queueapp.tenancy import worker_scope
from queueapp.worker import heartbeats
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.context import TaskContext
from queueapp.worker.interrupts import Interrupter
from queueapp.worker.prefetch import PrefetchBuffer, Running
from queueapp.worker.processes.shared_memory import ServeOptions, Slot, get_options
from queueapp.worker.recorded_attempts import run_on_record
from queueapp.worker.watchdog import Watchdog

logger = logging.getLogger(__name__)

POLL_INTERVAL_SECONDS = 1.0  # an idle worker looks at the database this often, bell or no bell
SETTLE_AFTER_SECONDS = 0.025


def serve(slot_number: int) -> None:
    """What a django-q2 worker process executes: one call is one worker's whole life."""
    options = get_options()
    slot = options.memory.slots[slot_number]
    if slot.pid and psutil.pid_exists(slot.pid):
        return  # the slot was offered twice
    ServingWorker(options, slot).run()


class ServingWorker:
    """One worker process. Its id is new at every start."""

    def __init__(self, options: ServeOptions, slot: Slot) -> None:
        self.id: UUID = new_id()
        self._options = options
        self._slot = slot
        self._slot.take(os.getpid())
        self._claimer = Claimer(self.id, options.capabilities, options.strategy)
        self._buffer = PrefetchBuffer()
        self._background = BackgroundConnection()
        self._interrupter = Interrupter()
        self._watchdog = Watchdog(self.id, self._buffer, slot, self._interrupter, self._background)
        self._done = 0
        self._idle = True

    def run(self) -> None:
        self._watchdog.start()
        registered = False
        while not self._should_leave():
            try:
                if not registered:
                    heartbeats.register(self.id, self._options.cluster_id, self._options.capabilities)
                    registered = True
                if not self._serve_once():
                    notifier.wait(self._options.capabilities.queues, POLL_INTERVAL_SECONDS)
            except DatabaseError as error:
                self._recover(error)
        self._leave(registered)

    def _serve_once(self) -> bool:
        """Work through one set. False when there was nothing to do."""
        # a set may be left over from before the database went away
        if not self._buffer.has_unstarted and not self._load_next_batch():
            return False
        while running := self._buffer.next():
            self._execute(running)
            if self._buffer.oldest_outcome_seconds > SETTLE_AFTER_SECONDS:
                self._settle()
            if self._options.memory.draining:
                break
        return True

    def _load_next_batch(self) -> bool:
        tasks = self._settle_and_claim()
        self._buffer.load(tasks)
        if self._idle and self._claimer.more_waiting:
            # one ring woke us, however much was submitted: pass it on, so that a bulk wakes everybody in turn
            notifier.ring({task.queue for task in tasks})
        self._idle = not tasks
        return bool(tasks)

    def _settle_and_claim(self) -> list[Claimed]:
        """The end of one set and the start of the next in one transaction, so that a set costs one commit."""
        outcomes = self._buffer.take_outcomes()
        if not outcomes:
            return self._claimer.claim()  # its one statement commits itself
        try:
            with worker_scope(self.id):
                settled = settle(self.id, outcomes)
                tasks = self._claimer.claim()
        except DataError:
            self._settle_each(outcomes)
            return []
        except DatabaseError:
            self._buffer.requeue(outcomes)
            raise
        _report_lost(outcomes, settled)
        return tasks

    def _execute(self, running: Running) -> None:
        task = running.task
        # the supervisor ends a process whose handler holds the interpreter beyond this
        self._slot.deadline = running.hard_deadline
        outcome = run_on_record(task, TaskContext(running, self.id, self._background), self._interrupter)
        self._slot.deadline = 0.0
        self._claimer.batch_sizes.record(task.type, running.seconds)
        self._buffer.finish(outcome)
        self._done += 1

    def _settle(self) -> None:
        """Store the outcomes in hand now; where the database is away they stay in hand."""
        outcomes = self._buffer.take_outcomes()
        try:
            _report_lost(outcomes, settle(self.id, outcomes))
        except DataError:
            self._settle_each(outcomes)
        except DatabaseError:
            self._buffer.requeue(outcomes)
            raise

    def _settle_each(self, outcomes: list[Outcome]) -> None:
        """One of the set is refused, so none was stored; tried together for ever, it would stop this worker."""
        for place, outcome in enumerate(outcomes):
            try:
                _report_lost([outcome], settle_alone(self.id, outcome))
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
            or self._done >= conf.settings.worker_max_tasks
            or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > conf.settings.worker_max_memory_mb * 1024
        )

    def _leave(self, registered: bool) -> None:
        """Settle what is finished, hand back what is not started, sign off and make the slot free."""
        try:
            settle(self.id, self._buffer.take_outcomes() + self._buffer.release_unstarted())
            if registered:
                heartbeats.sign_off(self.id)
        except DatabaseError as error:
            # the leases run out, and the tasks run again elsewhere
            logger.warning("not signed off", extra={"event": "db_connection_failed", "error": str(error).strip()})
        self._watchdog.stop()
        self._background.close()
        connection.close()
        self._slot.leave()


def _report_lost(outcomes: list[Outcome], settled: dict[UUID, str]) -> None:
    for outcome in outcomes:
        if outcome.id not in settled:
            logger.warning("stale outcome refused", extra={"event": "stale_write_rejected", "task_id": str(outcome.id)})
