"""Tasks that were to start by a moment and did not are cancelled; claims pass them over meanwhile."""

from queueapp.db import statements
from queueapp.hooks import Transition, maintenance_job
from queueapp.maintenance.recent_rows import RecentRows
from queueapp.observers import report_on_commit
from queueapp.states import Status
from queueapp.tasks.progress_log import log_expired
from queueapp.tasks.settle import EXPIRED


@maintenance_job("expired", every_seconds=0)
class CancelExpired(RecentRows):
    """Whatever they wait for: their time, a worker, the next try."""

    def run_batch(self, seconds_back: float) -> int:
        window = {"batch": self.batch, "seconds_back": seconds_back, "code": EXPIRED}
        moved = statements.rows("cancel_expired", window)
        report_on_commit(Transition(row["id"], row["was"], Status.CANCELLED) for row in moved)
        log_expired([row["id"] for row in moved])
        return len(moved)
