"""Housekeeping: what moves by itself, and what goes by age. Runs in every cluster; an advisory lock elects one."""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.db import connection

from queueapp import doorbell, sql
from queueapp.lifecycle.recording import end_runs
from queueapp.pruning import Pruner, registered_pruners
from queueapp.tenancy import system_scope

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

HOUSEKEEPER_LOCK = 0x7A5B0001  # any number that only this lock uses
BATCH = 1_000
PRUNING_SECONDS = 0.2  # of one pruner in one pass: what moves by itself must not wait for what goes by age


class Housekeeper:
    """Runs each chore in short transactions of its own, and each pruner when it is due."""

    def __init__(self) -> None:
        self._rests_until: dict[str, float] = {}

    def run(self) -> dict[str, int]:
        """One pass. Returns what was done; empty where another cluster is the housekeeper."""
        now = time.monotonic()
        due = [each for each in registered_pruners() if now >= self._rests_until.get(each.name, float("-inf"))]
        steps = {name: partial(_finish, chore) for name, chore in CHORES.items()}
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
            pruned = _elected(pruner.function)
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
    return Housekeeper().run()


def _finish(chore: Callable[[], int]) -> int | None:
    """Run a chore until it finds less than a batch. None where another session holds the lock."""
    total = 0
    while True:
        count = _elected(chore)
        if count is None:
            return None
        total += count
        if count < BATCH:
            return total


def _elected(chore: Callable[[], Answer]) -> Answer | None:
    """Run a chore in a transaction of its own. None where another session holds the lock."""
    with system_scope("housekeeper"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [HOUSEKEEPER_LOCK])
            if not (cursor.fetchone() or (False,))[0]:
                return None
        return chore()


def _promote_due() -> int:
    moved = sql.rows("promote_due", {"batch": BATCH})
    doorbell.ring_on_commit(row["queue"] for row in moved)
    return len(moved)


def _expire_leases() -> int:
    moved = sql.rows("expire_leases", {"batch": BATCH})
    doorbell.ring_on_commit(row["queue"] for row in moved if row["status"] == "queued")
    return len(moved)


def _fold_counters() -> int:
    return int(sql.rows("fold_counters", {"batch": BATCH})[0]["folded"])


CHORES: dict[str, Callable[[], int]] = {
    "promoted": _promote_due,
    "rescued": _expire_leases,
    "runs_ended": end_runs,
    "deltas_folded": _fold_counters,
}
