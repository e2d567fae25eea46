"""The platform's other jobs of each pass: what is due is fired and queued, counters are folded."""

from queueapp.db import statements
from queueapp.error_groups import folding as error_groups
from queueapp.hooks import JobResult, Transition, maintenance_job
from queueapp.maintenance.recent_rows import EVER_SECONDS, RecentRows
from queueapp.observers import report_on_commit
from queueapp.redis import notifier
from queueapp.schedules.firing import fire_due
from queueapp.states import Status


@maintenance_job("promoted", every_seconds=0)
class PromoteDue(RecentRows):
    """Fires slots that are due; queues scheduled tasks that are, and failed ones that are to be tried again.

    In one transaction, since an idle cluster asks for both each second.
    """

    def __call__(self) -> JobResult:
        fired, promoted = fire_due(), super().__call__()
        return JobResult(fired.rows + promoted.rows, more=fired.more or promoted.more)

    def run_batch(self, seconds_back: float) -> int:
        moved = statements.rows("promote_due", {"batch": self.batch, "seconds_back": seconds_back})
        notifier.notify_on_commit(row["queue"] for row in moved)
        report_on_commit(Transition(row["id"], row["was"], Status.QUEUED) for row in moved)
        return len(moved)


@maintenance_job("deltas_folded", every_seconds=0)
class FoldCounters(RecentRows):
    """Goes on from the lowest number that the last batch had: deltas commit out of order, but not by far."""

    batch = 10_000  # the more at once, the fewer times a type's row of this minute is written

    def __init__(self) -> None:
        super().__init__()
        self._after = 0

    def run_batch(self, seconds_back: float) -> int:
        after = 0 if seconds_back == EVER_SECONDS else self._after
        done = statements.rows("fold_counters", {"batch": self.batch, "after": after})[0]
        if done["folded"]:
            self._after = done["first_id"] - 1
        if done["failures"]:
            error_groups.fold(done["failures"])
        return int(done["folded"])
