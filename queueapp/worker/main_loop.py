"""The life of a worker process: claim, execute, settle, wait for the bell; until told to drain or worn out."""

import logging
import os
import resource
import time
from uuid import UUID

import psutil
from django.conf import settings
from django.db import DataError, connection
from django.db import Error as DatabaseError

from queueapp.claiming import Claimed, Claimer
from queueapp.models.base import new_id
from queueapp.redis import notifier
from queueapp.tasks.settle import Verdict, settle, settle_alone
from queueapp.tenancy import worker_scope
from queueapp.worker import heartbeats
from queueapp.worker.context import TaskContext
from queueapp.worker.interrupts import Interrupter
from queueapp.worker.prefetch import Hand, Running
from queueapp.worker.processes.shared_memory import ServeOptions, Slot, get_options
from queueapp.worker.recorded_attempts import run_on_record
from queueapp.worker.side_connection import SideChannel
from queueapp.worker.watchdog import Watchdog

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0  # an idle worker looks at the database this often, bell or no bell
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
        self._hand = Hand()
        self._side = SideChannel()
        self._interrupter = Interrupter()
        self._watchdog = Watchdog(self.id, self._hand, slot, self._interrupter, self._side)
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
                    notifier.wait(self._options.capabilities.queues, LOOK_SECONDS)
            except DatabaseError as error:
                self._recover(error)
        self._leave(registered)

    def _serve_once(self) -> bool:
        """Work through one set. False when there was nothing to do."""
        # a set may be left over from before the database went away
        if not self._hand.has_unstarted and not self._take_up_next_set():
            return False
        while running := self._hand.next():
            self._execute(running)
            if self._hand.oldest_verdict_seconds > SETTLE_AFTER_SECONDS:
                self._settle()
            if self._options.memory.draining:
                break
        return True

    def _take_up_next_set(self) -> bool:
        tasks = self._settle_and_claim()
        self._hand.take_up(tasks)
        if self._idle and self._claimer.more_waiting:
            # one ring woke us, however much was submitted: pass it on, so that a bulk wakes everybody in turn
            notifier.ring({task.queue for task in tasks})
        self._idle = not tasks
        return bool(tasks)

    def _settle_and_claim(self) -> list[Claimed]:
        """The end of one set and the start of the next in one transaction, so that a set costs one commit."""
        verdicts = self._hand.take_verdicts()
        if not verdicts:
            return self._claimer.claim()  # its one statement commits itself
        try:
            with worker_scope(self.id):
                settled = settle(self.id, verdicts)
                tasks = self._claimer.claim()
        except DataError:
            self._settle_each(verdicts)
            return []
        except DatabaseError:
            self._hand.put_back(verdicts)
            raise
        _report_lost(verdicts, settled)
        return tasks

    def _execute(self, running: Running) -> None:
        task = running.task
        # the supervisor ends a process whose handler holds the interpreter beyond this
        self._slot.deadline = running.hard_deadline
        verdict = run_on_record(task, TaskContext(running, self.id, self._side), self._interrupter)
        self._slot.deadline = 0.0
        self._claimer.pace.record(task.type, running.seconds)
        self._hand.finish(verdict)
        self._done += 1

    def _settle(self) -> None:
        """Store the verdicts in hand now; where the database is away they stay in hand."""
        verdicts = self._hand.take_verdicts()
        try:
            _report_lost(verdicts, settle(self.id, verdicts))
        except DataError:
            self._settle_each(verdicts)
        except DatabaseError:
            self._hand.put_back(verdicts)
            raise

    def _settle_each(self, verdicts: list[Verdict]) -> None:
        """One of the set is refused, so none was stored; tried together for ever, it would stop this worker."""
        for place, verdict in enumerate(verdicts):
            try:
                _report_lost([verdict], settle_alone(self.id, verdict))
            except DatabaseError:
                self._hand.put_back(verdicts[place:])
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
            or self._done >= settings.WORKER_MAX_TASKS
            or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > settings.WORKER_MAX_MEMORY_MB * 1024
        )

    def _leave(self, registered: bool) -> None:
        """Settle what is finished, hand back what is not started, sign off and make the slot free."""
        try:
            settle(self.id, self._hand.take_verdicts() + self._hand.shed())
            if registered:
                heartbeats.sign_off(self.id)
        except DatabaseError as error:
            # the leases run out, and the tasks run again elsewhere
            logger.warning("not signed off", extra={"event": "db_connection_failed", "error": str(error).strip()})
        self._watchdog.stop()
        self._side.close()
        connection.close()
        self._slot.leave()


def _report_lost(verdicts: list[Verdict], settled: dict[UUID, str]) -> None:
    for verdict in verdicts:
        if verdict.id not in settled:
            logger.warning("stale verdict refused", extra={"event": "stale_write_rejected", "task_id": str(verdict.id)})
