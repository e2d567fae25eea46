"""The maintenance runner of one cluster: every job each pass, every pruner when it is due."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.db import connection

from queueapp.claiming.duty_cycle import DutyCycle
from queueapp.maintenance.jobs import BATCH, EVER_SECONDS, Job, all_jobs
from queueapp.pruners import Pruner, registered_pruners
from queueapp.tenancy import system_scope

MAINTENANCE_LOCK = 0x7A5B0001  # any number that only this lock uses
MARGIN_SECONDS = 2.0  # a pass looks back beyond the one before it, for what was committed late
Answer = TypeVar("Answer")


class Rounds:
    """Runs a job to the end of what there is, and looks no further back than needed."""

    def __init__(self, name: str, job: Job) -> None:
        self.name = name
        self._job = job
        self._ration = DutyCycle()  # of looks from the very start
        self._began = float("-inf")

    def run(self) -> int | None:
        """Run the job until it finds less than a batch. None where another session holds the lock."""
        began = time.monotonic()
        if self._ration.allows:
            with self._ration.poll():
                done = self._finish(EVER_SECONDS)
        else:
            done = self._finish(began - self._began + MARGIN_SECONDS)
        self._began = began
        return done

    def _finish(self, seconds_back: float) -> int | None:
        total = 0
        while True:
            count = when_elected(partial(self._job, seconds_back))
            if count is None:
                return None
            total += count
            if count < BATCH:
                return total


def when_elected(work: Callable[[], Answer]) -> Answer | None:
    """Do a piece of work in a transaction of its own. None where another session holds the lock."""
    with system_scope("maintenance"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [MAINTENANCE_LOCK])
            if not (cursor.fetchone() or (False,))[0]:
                return None
        return work()


logger = logging.getLogger(__name__)

PRUNING_SECONDS = 0.2  # of one pruner in one pass: what moves by itself must not wait for what goes by age


class MaintenanceRunner:
    """Runs each job in short transactions of its own, and each pruner when it is due."""

    def __init__(self) -> None:
        self._rests_until: dict[str, float] = {}
        self._jobs = [Rounds(name, job) for name, job in all_jobs().items()]

    def run(self) -> dict[str, int]:
        """One pass. Returns what was done; empty where another cluster is the maintenance runner."""
        now = time.monotonic()
        due = [each for each in registered_pruners() if now >= self._rests_until.get(each.name, float("-inf"))]
        steps: dict[str, Callable[[], int | None]] = {each.name: each.run for each in self._jobs}
        steps |= {each.name: partial(self._prune, each) for each in due}
        done: dict[str, int] = {}
        for name, step in steps.items():
            count = step()
            if count is None:
                break
            done[name] = count
        return done

    def _prune(self, pruner: Pruner) -> int | None:
        """Batch after batch for a moment; where there may be more, the next pass goes on."""
        deadline = time.monotonic() + PRUNING_SECONDS
        total = 0
        while time.monotonic() < deadline:
            pruned = when_elected(pruner.function)
            if pruned is None:
                return None
            total += pruned.rows
            if not pruned.more:
                self._rests_until[pruner.name] = time.monotonic() + pruner.every_seconds
                break
        if total:
            logger.info("%s: %d rows", pruner.name, total, extra={"event": "pruned", "rows": total})
        return total


def run_once() -> dict[str, int]:
    """A pass now, pruning included."""
    return MaintenanceRunner().run()
