"""lifo: the newest first."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from queueapp.claiming.strategies.sub_queues import KnownSubQueues, SubQueue, batch_columns
from queueapp.claiming.watermarks import CommitHorizon
from queueapp.db import statements

Stretch = tuple[int, int]  # after, until
NOTHING: Stretch = (0, 0)


class Lifo:
    """Leaves out one stretch of each sub-queue: what was done below the newest arrivals and above the rest."""

    statement = "claim_lifo"

    def __init__(self) -> None:
        self._known = KnownSubQueues()
        self._done: dict[SubQueue, Stretch] = {}  # taken, locked, or not committed at the last poll
        self._settled: dict[SubQueue, Stretch] = {}  # nothing is queued there, and nothing can be

    def poll(self, partitions: Sequence[int], horizon: CommitHorizon) -> None:
        """Return to what is settled: from the newest task to the horizon, where there is nothing newer."""
        empty = _stretches(self._known.of(partitions), self._settled)
        for sub_queue, number in self._known.poll("find_newest", partitions, empty, horizon):
            newest = number or 0
            if newest < horizon.reached:
                self._settled[sub_queue] = (newest, horizon.reached)
        self._done = dict(self._settled)

    def any_waiting(self, partitions: Collection[int]) -> bool:
        return self._known.any_waiting(partitions)

    def parameters(self, queue: str, batch_sizes: Mapping[int, int], limit: int, scan_limit: int) -> dict[str, Any]:
        sub_queues = self._known.to_read(batch_sizes)
        return {**batch_columns(sub_queues, batch_sizes), **_stretches(sub_queues, self._done)}

    def remember(self, queue: str, rows: Sequence[statements.Row]) -> bool:
        """What was taken from below the stretch makes it longer."""
        for row in rows:
            sub_queue = (row["partition_id"], row["priority"])
            after, until = self._done.get(sub_queue, NOTHING)
            if row["ready_seq"] <= after:
                self._done[sub_queue] = (row["ready_seq"] - 1, until)
        return False


def _stretches(sub_queues: Sequence[SubQueue], left_out: Mapping[SubQueue, Stretch]) -> dict[str, list[int]]:
    stretches = [left_out.get(sub_queue, NOTHING) for sub_queue in sub_queues]
    return {"after": [after for after, _ in stretches], "until": [until for _, until in stretches]}
