"""The jobs: what is due is queued, what dead workers held is taken back, counters are folded.

Each takes a batch a call. It looks back as far as it is told: under a snapshot that somebody holds, an index keeps an
entry of every task that passed, and looking from the very start would walk over all of them each second.
"""

from collections.abc import Callable

from queueapp.db import statements
from queueapp.redis import notifier
from queueapp.runs.recording import end_runs

BATCH = 1_000
EVER_SECONDS = 1e9

Job = Callable[[float], int]  # seconds to look back → rows of a batch that were done


def promote_due(seconds_back: float) -> int:
    moved = statements.rows("promote_due", {"batch": BATCH, "seconds_back": seconds_back})
    notifier.ring_on_commit(row["queue"] for row in moved)
    return len(moved)


def expire_leases(seconds_back: float) -> int:
    parameters = {"batch": BATCH, "seconds_back": seconds_back, "thorough": seconds_back == EVER_SECONDS}
    moved = statements.rows("expire_leases", parameters)
    notifier.ring_on_commit(row["queue"] for row in moved if row["status"] == "queued")
    return len(moved)


class CounterFolder:
    """Goes on from the lowest number that the last batch had: deltas commit out of order, but not by far."""

    def __init__(self) -> None:
        self._after = 0

    def __call__(self, seconds_back: float) -> int:
        after = 0 if seconds_back == EVER_SECONDS else self._after
        done = statements.rows("fold_counters", {"batch": BATCH, "after": after})[0]
        if done["folded"]:
            self._after = done["first_id"] - 1
        return int(done["folded"])


def all_jobs() -> dict[str, Job]:
    """The jobs of one maintenance, in the order of a pass, by the name of what they count."""
    return {
        "promoted": promote_due,
        "rescued": expire_leases,
        "runs_ended": lambda _: end_runs(),
        "deltas_folded": CounterFolder(),
    }
