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
from queueapp.handlers import Handler, get_handler
from queueapp.log_fields import add_to_handlers
from queueapp.masked_logs import mask_logs
from queueapp.models.base import new_id
from queueapp.redis import notifier
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.leases import renew
from queueapp.tasks.settle import Outcome, settle, settle_alone
from queueapp.tenancy import worker_scope
from queueapp.worker import heartbeats
from queueapp.worker.asynchronous.executor import AsyncExecutor
from queueapp.worker.asynchronous.pool import AttemptPool
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.executor import Executor
from queueapp.worker.interrupts import Interrupter
from queueapp.worker.lease_keeper import SETTLE_AFTER_SECONDS, LeaseKeeper
from queueapp.worker.log_context import AttemptFilter, log_failures_of_threads, secrets_here
from queueapp.worker.memory_limit import MemoryLimit
from queueapp.worker.own_process import OwnProcess
from queueapp.worker.pauses import PauseWatch
from queueapp.worker.prefetch import PrefetchBuffer
from queueapp.worker.processes.shared_memory import AsksToEnd, ServeOptions, Slot, get_options
from queueapp.worker.watchdog import Watchdog

logger = logging.getLogger(__name__)

POLL_INTERVAL_SECONDS = 1.0  # an idle worker polls the database this often, notified or not
DRAIN_NOTICED_SECONDS = 0.25  # by an idle worker
BESIDE_POLL_SECONDS = 0.1  # one that waits for attempts on the event loop asks for notifications so often
NOT_WAITING_SECONDS = 0.001  # 0 would be for ever
LEAVE_AFTER_SECONDS = 1.0  # whether or not the background connection has done what it was given


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
        self._claimer = Claimer(self.id, options.capabilities, options.strategy, self._room)
        self._buffer = PrefetchBuffer()
        add_to_handlers(AttemptFilter(lambda: self._buffer.running))
        log_failures_of_threads()
        mask_logs(lambda: secrets_here(self._buffer))
        self._background = BackgroundConnection()
        interrupter = Interrupter(self._is_alone)
        self._executor = Executor(self._background, interrupter, OwnProcess(), self._is_alone)
        self._pool = AttemptPool(AsyncExecutor(self._background), self._buffer, slot)
        self._pause_watch = PauseWatch(self.id, self._claimer.pauses, self._buffer)
        keeper = LeaseKeeper(self.id, self._buffer, slot, options.memory, self._pause_watch)
        self._watchdog = Watchdog(keeper, self._buffer, slot, options.memory, interrupter, self._pool, self._background)
        self._memory_limit = MemoryLimit()
        self._registered = False
        self._woken_in_vain = 0  # times in a row
        self._executed = 0
        self._idle = True
        self._notified: str | None = None  # the queue that woke us
        self._passed_on = False  # a notification, since it was for a type of which enough run here

    @property
    def is_unfit(self) -> bool:
        """Whether an attempt left something that no other may meet."""
        return self._executor.unfit is not None

    @property
    def _is_to_end(self) -> bool:
        """The cluster drains, or an operator has asked this worker to end: it finishes what it runs."""
        return self._options.memory.draining or self._claimer.pauses.asked_to_end

    def run(self) -> None:
        self._watchdog.start()
        while not self._should_leave():
            try:
                self._register_once()
                if self._load_batch():
                    self._execute_batch()
                else:
                    self._rest()
            except DatabaseError as error:
                self._recover(error)
        self._leave()

    def _rest(self) -> None:
        """Nothing is ready, and nothing is held."""
        self._pause_watch.confirm()
        self._pause_watch.is_resting = self._pool.is_empty
        self._wait()
        self._pause_watch.is_resting = False

    def _wait(self) -> None:
        """For a notification, in steps so short that a drain is noticed."""
        # a Redis that says "now" for ever must not make us ask the database for ever
        is_believed = self._woken_in_vain < notifier.NOTIFICATIONS_KEPT
        ends = time.monotonic() + POLL_INTERVAL_SECONDS
        while (left := ends - time.monotonic()) > 0 and not self._is_to_end:
            step = min(left, DRAIN_NOTICED_SECONDS)
            if not self._pool.is_empty:
                if self._wait_beside_attempts(step, is_believed):
                    return
            elif not is_believed:
                time.sleep(step)
            elif notified := notifier.wait(self._claimer.queues, step):
                self._notified = notified
                self._woken_in_vain += 1
                return
        self._woken_in_vain = 0
        self._passed_on = False

    def _wait_beside_attempts(self, seconds: float, is_believed: bool) -> bool:
        """For an attempt on the event loop to end, too: it has an outcome to settle, and leaves room for another."""
        if self._pool.progressed.wait(min(seconds, BESIDE_POLL_SECONDS)):
            return True
        if not is_believed or self._passed_on:
            return False
        self._notified = notifier.wait(self._claimer.queues, NOT_WAITING_SECONDS)
        self._woken_in_vain += self._notified is not None
        return self._notified is not None

    def _register_once(self) -> None:
        if not self._registered:
            heartbeats.register(self.id, self._options.cluster_id, self._options.capabilities)
            self._registered = True
            about = {"event": "worker_startup", "worker_id": str(self.id), "pid": os.getpid()}
            logger.info("worker ready", extra={**about, "cluster_id": str(self._options.cluster_id)})

    def _load_batch(self) -> bool:
        """Have something to execute: what is left of the last batch, or the next. False when nothing is ready."""
        if self._buffer.has_unstarted:
            self._resume()
            if self._start_concurrent() or self._buffer.has_unstarted:
                return True
        self._notice_progress()
        notified = self._notified
        tasks = self._settle_and_claim()
        self._buffer.load(Attempt(task, self.id, get_handler(task.type)) for task in tasks)
        if self._idle and tasks:
            self._watchdog.wake()
            if self._claimer.more_waiting:
                # one notification woke us, however much was submitted: pass it on, so that a bulk wakes all in turn
                notifier.notify({task.queue for task in tasks})
        self._idle = not tasks
        if tasks:
            self._woken_in_vain = 0
        elif notified in self._claimer.left_out:
            self._passed_on = True  # or it might come back to us
            notifier.notify([notified])  # perhaps another worker has room
        if self._pause_watch.hand_back():
            self._settle()
        return self._start_concurrent() or self._buffer.has_unstarted

    def _start_concurrent(self) -> bool:
        """Start what runs on the event loop. Whether there was anything."""
        concurrent = self._buffer.start_concurrent()
        self._pool.start(concurrent)
        self._executed += len(concurrent)
        return bool(concurrent)

    def _resume(self) -> None:
        """Before what is left from before the database went away is started: others may have it by now."""
        self._settle()
        held = self._buffer.held()
        renewed = renew(self.id, held, renew=True)
        self._buffer.forget({(task_id, attempt) for task_id, attempt in held if task_id not in renewed})

    def _settle_and_claim(self) -> list[Claimed]:
        """The end of one batch and the start of the next in one transaction, so that a batch costs one commit."""
        outcomes = self._buffer.take_outcomes()
        notified, self._notified = self._notified, None
        try:
            if not outcomes:
                return self._claimer.claim(notified)  # its one statement commits itself
            with worker_scope(self.id):
                settled = settle(self.id, outcomes)
                tasks = self._claimer.claim(notified)
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
        while self._may_start_next() and (attempt := self._buffer.start_next()):
            if attempt.handler.is_async:
                self._pool.start([attempt])
                self._executed += 1
                self._wait_until_empty()
            else:
                self._execute(attempt)
            if self._buffer.settles_before_next or self._buffer.oldest_outcome_seconds > SETTLE_AFTER_SECONDS:
                self._settle()
            if self._is_to_end or self._executor.unfit:
                break

    def _may_start_next(self) -> bool:
        """One that may be why its worker died starts when nothing else runs here. False where we must leave first."""
        return not self._buffer.next_runs_alone or self._wait_until_empty()

    def _wait_until_empty(self, *, draining: bool = False) -> bool:
        """Until nothing runs on the event loop, and meanwhile settle. False where the cluster drains, unless we do."""
        while not self._pool.is_empty:
            if self._is_to_end and not draining:
                return False
            if self._pool.progressed.wait(DRAIN_NOTICED_SECONDS):
                self._notice_progress()
                self._settle()
        self._notice_progress()
        return True

    def _notice_progress(self) -> None:
        """Attempts on the event loop may have ended."""
        if self._pool.progressed.is_set():
            self._pool.progressed.clear()
            self._passed_on = False
        if (last := self._pool.take_last_ended()) is not None:
            self._executor.put_in_order(last)

    def _finish_concurrent(self) -> None:
        """What runs on the event loop ends before we leave; the watchdog sees to it, or the supervisor."""
        while not self._pool.is_empty:
            try:
                self._wait_until_empty(draining=True)
            except DatabaseError as error:
                self._recover(error)

    def _room(self, handler: Handler) -> int:
        return self._pool.room(handler)

    def _is_alone(self) -> bool:
        return not self._buffer.concurrent

    def _execute(self, attempt: Attempt) -> None:
        # for the supervisor: which task is to blame should the process die, and when it must be ended
        task = attempt.task
        self._slot.begin(task.id, task.attempt, attempt.kill_at)
        outcome = self._executor.execute(attempt)
        self._slot.kill_at = 0.0
        self._claimer.batch_sizes.record(task.type, task.queue, attempt.seconds)
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
            self._is_to_end
            or not self._watchdog.still_ours
            or self._executed >= conf.settings.worker_max_tasks
            or self._memory_limit.check()
            or self.is_unfit
        )

    def _leave(self) -> None:
        """Settle what is finished, release what is not started, sign off and free the slot."""
        self._finish_concurrent()
        # what it is settling now would stay leased if we left before it is sent
        self._background.finish(LEAVE_AFTER_SECONDS)
        try:
            settle(self.id, self._buffer.take_outcomes() + self._buffer.release_unstarted())
            if self._registered:
                heartbeats.sign_off(self.id)
        except DatabaseError as error:
            logger.warning("not signed off", extra={"event": "db_connection_failed", "error": str(error).strip()})
            # and the supervisor sees to it that what we hold is released
            self._slot.asks_to_end = AsksToEnd.NOT_SIGNED_OFF
        self._watchdog.stop()
        self._pool.close()
        self._background.close()
        connection.close()
        if self._slot.pid == os.getpid() and not self._slot.asks_to_end:
            self._slot.leave()


def _log_lost(outcomes: list[Outcome], settled: dict[UUID, str]) -> None:
    for outcome in outcomes:
        if outcome.id not in settled:
            logger.warning("stale outcome refused", extra={"event": "stale_write_rejected", "task_id": str(outcome.id)})
