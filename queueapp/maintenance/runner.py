"""The maintenance runner of one cluster. An advisory lock elects one of them, at every call of a job."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from django.db import OperationalError, connection

from queueapp.db import driver
from queueapp.hooks import JobResult, MaintenanceJob, registered_jobs
from queueapp.maintenance.continuity import DatabaseWatch, Look
from queueapp.maintenance.recent_rows import RecentRows
from queueapp.tenancy import system_scope

logger = logging.getLogger(__name__)

MAINTENANCE_LOCK = "maintenance"
ASK = """
    SELECT current_setting('transaction_read_only') = 'off', taskrunner_try_lock(%s),
        extract(epoch FROM taskrunner_clock())::double precision
"""
MOST_SECONDS = 0.2  # of one job in one pass, but for those of what is due, which must not wait for the others

T = TypeVar("T")


class ScheduledJob:
    """A job of one runner: when it is due, and its thread where it runs in the background."""

    def __init__(self, job: MaintenanceJob, watch: DatabaseWatch) -> None:
        self.name = job.name
        self.rows = 0  # in this pass
        self._every_seconds = job.every_seconds
        self._in_background = job.in_background
        self._function = job.make()
        self._is_limited = not isinstance(self._function, RecentRows)
        if isinstance(self._function, RecentRows):
            self._function.watch = watch
        self._due_at = float("-inf")  # time.monotonic()
        self._stops_at = float("inf")  # in this pass
        self._more = False  # whether the last call left something
        self._thread: threading.Thread | None = None

    @property
    def is_due(self) -> bool:
        busy = self._thread is not None and self._thread.is_alive()
        return not busy and time.monotonic() >= self._due_at

    def begin_pass(self) -> None:
        self.rows, self._stops_at = 0, float("inf")

    def call(self) -> JobResult | None:
        """Do one batch, or start the thread."""
        if self._in_background:
            self._rest()
            self._start_thread()
            return JobResult(0)
        self._stops_at = min(self._stops_at, time.monotonic() + (MOST_SECONDS if self._is_limited else float("inf")))
        result = self._function()
        self.rows += result.rows if result else 0
        self._more = result is not None and result.more
        if not self._more:
            self._rest()
        return result

    @property
    def has_ended_pass(self) -> bool:
        """What is left then is for the next pass."""
        return not self._more or time.monotonic() > self._stops_at

    def fail(self, error: Exception) -> None:
        """Log what it raised. Raises that again where it is most likely about the connection, which the jobs share."""
        self._rest()
        if driver.is_unavailable(error):
            raise error
        logger.error("maintenance job failed: %s", self.name, exc_info=error, extra={"event": "hook_failed"})

    def log_pass(self) -> None:
        if self.rows and self._every_seconds:
            logger.info("%s: %d rows", self.name, self.rows, extra={"event": "pruned", "rows": self.rows})

    def _rest(self) -> None:
        self._due_at = time.monotonic() + self._every_seconds

    def _start_thread(self) -> None:
        self._thread = threading.Thread(target=self._run_in_thread, name=self.name, daemon=True)
        self._thread.start()

    def _run_in_thread(self) -> None:
        try:
            self._function()
        except Exception:
            logger.exception("maintenance job failed: %s", self.name, extra={"event": "hook_failed"})
        finally:
            connection.close()


class MaintenanceRunner:
    """Runs the jobs that are due, in the order they were registered in: by default all that are registered."""

    def __init__(self, jobs: Sequence[MaintenanceJob] | None = None, *, watch: DatabaseWatch | None = None) -> None:
        self._watch = watch or DatabaseWatch()
        self._jobs = [ScheduledJob(job, self._watch) for job in (registered_jobs() if jobs is None else jobs)]
        self._done: dict[str, int] = {}  # in this pass: how many rows, by the jobs' names
        self._called: ScheduledJob  # last

    def run(self) -> dict[str, int]:
        """One pass. Returns what was done; empty where another cluster is the maintenance runner."""
        self._done = {}
        waiting = deque(job for job in self._jobs if job.is_due)
        for job in waiting:
            job.begin_pass()
        while waiting:
            self._called = waiting[0]
            try:
                if when_elected(partial(self._call_in_turn, waiting), self._watch) is None:
                    break
            except Exception as error:
                self._fail(waiting, error)
        return self._done

    def _call_in_turn(self, waiting: deque[ScheduledJob]) -> bool:
        """Call the jobs, until one has done something: that is committed before the next begins.

        So those that find nothing share a transaction, which an idle cluster would otherwise need for each of them. A
        job that says nothing of what it did may have done something.
        """
        while waiting:
            job = self._called = waiting[0]
            result = job.call()
            self._done[job.name] = job.rows
            if job.has_ended_pass:
                job.log_pass()
                waiting.popleft()
            if result is None or result.rows or result.more:
                break
        return True

    def _fail(self, waiting: deque[ScheduledJob], error: Exception) -> None:
        """The job that was called last is to blame, also where its transaction cannot be committed."""
        failed = self._called
        if failed in waiting:
            waiting.remove(failed)
        failed.fail(error)
        self._done[failed.name] = failed.rows


def run_once() -> dict[str, int]:
    """A pass now, but for what runs in the background. Somebody asks for it, so leases that ran out get no grace."""
    jobs = [job for job in registered_jobs() if not job.in_background]
    return MaintenanceRunner(jobs, watch=DatabaseWatch(grace_seconds=0)).run()


def when_elected(work: Callable[[], T], watch: DatabaseWatch) -> T | None:
    """Do a piece of work in a transaction of its own, with a look at the database's clock before.

    None where another session holds the lock. Raises OperationalError where the database takes no writes: nobody can
    renew a lease then, so this was no look.
    """
    asked_at = time.monotonic()
    with system_scope("maintenance"):
        with connection.cursor() as cursor:
            cursor.execute(ASK, [MAINTENANCE_LOCK])
            is_writable, elected, clock = cursor.fetchone() or (False, False, 0.0)
        if not is_writable:
            raise OperationalError("the database takes no writes")
        watch.add(Look(asked_at, clock, time.monotonic()))
        return work() if elected else None
