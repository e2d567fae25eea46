"""Lease expiry: what dead workers held is taken back when their leases have run out, and nobody who lives is blamed."""

from typing import Any

from queueapp.claiming.claimer import LEASE_SECONDS
from queueapp.db import statements
from queueapp.hooks import JobResult, maintenance_job
from queueapp.maintenance.recent_rows import EVER_SECONDS, RecentRows
from queueapp.models import Worker
from queueapp.process_identity import is_same_process, machine
from queueapp.tasks.deaths import end_leases, record_stop


@maintenance_job("rescued", every_seconds=0)
class ExpireLeases(RecentRows):
    """Ends leases that ran out. A worker of which nothing else is known has died with it, and its task gets a crash.

    No crash is counted for a worker whose process lives on this machine: it was stopped, or cut off; nor for what a
    worker that is known to be dead still holds: what it was executing was settled when its death was recorded.
    """

    def __call__(self) -> JobResult:
        if self.watch.is_unbroken:
            return super().__call__()
        # this pass is none: the first after the grace looks back to before it
        return JobResult(self._take_back(0, thorough=self._duty_cycle.allows, in_grace=True))

    def run_batch(self, seconds_back: float) -> int:
        return self._take_back(seconds_back, thorough=seconds_back == EVER_SECONDS, in_grace=False)

    def _take_back(self, seconds_back: float, *, thorough: bool, in_grace: bool) -> int:
        window = {"seconds_back": seconds_back, "thorough": thorough, "in_grace": in_grace}
        found = statements.rows("lock_overdue_leases", {**window, "batch": self.batch, "lease_seconds": LEASE_SECONDS})
        lost = [row for row in found if row["stopped_at"] is None and not _lives_here(row)]
        end_leases([row for row in found if row not in lost], counting=False)
        end_leases(lost, counting=True)
        # one that leases over HTTP keeps its id, and may be back
        record_stop({row["worker_id"] for row in lost if row["machine"] != Worker.OVER_HTTP})
        return len(found)


def _lives_here(row: dict[str, Any]) -> bool:
    """Whether the process of a lease's worker is one of this machine, and lives."""
    return row["machine"] == machine() and is_same_process(row["pid"], row["start_ticks"])
