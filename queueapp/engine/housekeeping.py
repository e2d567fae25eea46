"""Housekeeping: what moves by itself. Runs in every cluster; an advisory lock elects one at a time."""

import time
from collections.abc import Callable

from django.db import connection

from queueapp import doorbell, sql
from queueapp.lifecycle.recording import end_runs
from queueapp.tenancy import system_scope

HOUSEKEEPER_LOCK = 0x7A5B0001  # any number that only this lock uses
BATCH = 1_000
PRUNE_SECONDS = 60.0


class Housekeeper:
    """Runs each chore in a short transaction of its own, and prunes once a minute."""

    def __init__(self) -> None:
        self._pruned_at = float("-inf")

    def run(self) -> dict[str, int]:
        """One pass. Returns what was done; empty where another cluster is the housekeeper."""
        chores: dict[str, Callable[[], int]] = {
            "promoted": _promote_due,
            "rescued": _expire_leases,
            "runs_ended": end_runs,
            "deltas_folded": _fold_counters,
        }
        if time.monotonic() - self._pruned_at > PRUNE_SECONDS:
            self._pruned_at = time.monotonic()
            chores["pruned"] = _prune
        done: dict[str, int] = {}
        for name, chore in chores.items():
            count = _elected(chore)
            if count is None:
                break
            done[name] = count
        return done


def run_once() -> dict[str, int]:
    """A full pass now, pruning included."""
    return Housekeeper().run()


def _elected(chore: Callable[[], int]) -> int | None:
    """Run a chore until it finds less than a batch. None where another session holds the lock."""
    total = 0
    while True:
        with system_scope("housekeeper"):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [HOUSEKEEPER_LOCK])
                if not (cursor.fetchone() or (False,))[0]:
                    return None
            count = chore()
        total += count
        if count < BATCH:
            return total


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


def _prune() -> int:
    sql.rows("prune")
    return 0
