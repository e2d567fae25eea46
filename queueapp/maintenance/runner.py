"""The maintenance runner of one cluster. An advisory lock elects one of them, at every call of a job."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from queueapp.hooks import JobResult, MaintenanceJob, registered_jobs
from queueapp.maintenance.continuity import DatabaseWatch, Look
from queueapp.maintenance.recent_rows import RecentRows
from queueapp.tenancy import system_scope

logger = logging.getLogger(__name__)

MAINTENANCE_LOCK = "maintenance"
CLOCK = "extract(epoch FROM taskrunner_clock())::double precision"
MOST_SECONDS = 0.2  # of one job in one pass, but for those of what is due, which must not wait for the others

T = TypeVar("T")


class ScheduledJob:
    """A job of one runner: when it is due, and its thread where it runs in the background."""

    def __init__(self, job: MaintenanceJob, watch: DatabaseWatch) -> None:
        self.name = job.name
        self._watch = watch
        self._every_seconds = job.every_seconds
        self._in_background = job.in_background
        self._function = job.make()
        self._is_limited = not isinstance(self._function, RecentRows)
        if isinstance(self._function, RecentRows):
            self._function.watch = watch
        self._due_at = float("-inf")  # time.monotonic()
        self._thread: threading.Thread | None = None

    @property
    def is_due(self) -> bool:
        busy = self._thread is not None and self._thread.is_alive()
        return not busy and time.monotonic() >= self._due_at

    def run(self) -> int | None:
        """Do what there is; returns how many rows. None where another session is elected."""
        try:
            return self._start_thread() if self._in_background else self._run_batches()
        except (OperationalError, InterfaceError):
            self._rest()
            raise  # the connection, most likely, which the jobs share
        except Exception:
            self._rest()
            logger.exception("maintenance job failed: %s", self.name, extra={"event": "hook_failed"})
            return 0

    def _rest(self) -> None:
        self._due_at = time.monotonic() + self._every_seconds

    def _run_batches(self) -> int | None:
        deadline = time.monotonic() + MOST_SECONDS
        rows = 0
        while True:
            result = when_elected(self._call, self._watch)
            if result is None:
                return None
            rows += result.rows
            if not result.more:
                self._rest()
                break
            if self._is_limited and time.monotonic() > deadline:
                break  # the next pass goes on
        if rows and self._every_seconds:
            logger.info("%s: %d rows", self.name, rows, extra={"event": "pruned", "rows": rows})
        return rows

    def _call(self) -> JobResult:
        return self._function() or JobResult(0)

    def _start_thread(self) -> int | None:
        if when_elected(lambda: True, self._watch) is None:
            return None
        self._rest()
        self._thread = threading.Thread(target=self._run_in_thread, name=self.name, daemon=True)
        self._thread.start()
        return 0

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
        watch = watch or DatabaseWatch()
        self._jobs = [ScheduledJob(job, watch) for job in (registered_jobs() if jobs is None else jobs)]

    def run(self) -> dict[str, int]:
        """One pass. Returns what was done; empty where another cluster is the maintenance runner."""
        done: dict[str, int] = {}
        for job in self._jobs:
            if job.is_due:
                rows = job.run()
                if rows is None:
                    break
                done[job.name] = rows
        return done


def run_once() -> dict[str, int]:
    """A pass now, but for what runs in the background. Somebody asks for it, so leases that ran out get no grace."""
    jobs = [job for job in registered_jobs() if not job.in_background]
    return MaintenanceRunner(jobs, watch=DatabaseWatch(grace_seconds=0)).run()


def when_elected(work: Callable[[], T], watch: DatabaseWatch) -> T | None:
    """Do a piece of work in a transaction of its own, with a look at the database's clock before.

    None where another session holds the lock.
    """
    asked_at = time.monotonic()
    with system_scope("maintenance"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT taskrunner_try_lock(%s), " + CLOCK, [MAINTENANCE_LOCK])
            elected, clock = cursor.fetchone() or (False, 0.0)
        watch.add(Look(asked_at, clock, time.monotonic()))
        return work() if elected else None
