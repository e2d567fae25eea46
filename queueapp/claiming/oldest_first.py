"""fifo, priority and weighted_random: lanes of a kind and a priority, each read from its oldest task on."""

from collections.abc import Mapping, Sequence
from typing import Any

from queueapp import sql
from queueapp.claiming.horizon import Horizon
from queueapp.claiming.order import KindLane, columns, lanes_of, marks_before


class OldestFirst:
    """Reads each lane from a mark: what lies before it is taken, locked, or was not committed at the last look."""

    def __init__(self, statement: str) -> None:
        self.statement = statement
        self._marks: dict[KindLane, int] = {}
        self._settled: dict[KindLane, int] = {}  # nothing is queued up to these numbers, and nothing can be

    def look(self, kinds: Sequence[int], horizon: Horizon) -> None:
        """Return each mark to just before the oldest task of its lane."""
        lanes = lanes_of(kinds)
        after = [self._settled.get(lane, 0) for lane in lanes]
        found = sql.rows("find_oldest", {**columns(lanes), "after": after})
        for row in found:
            lane, oldest = (row["kind_id"], row["priority"]), row["ready_seq"]
            self._marks[lane] = horizon.drawn if oldest is None else oldest - 1
            self._settled[lane] = horizon.reached if oldest is None else min(oldest - 1, horizon.reached)

    def parameters(self, set_sizes: Mapping[int, int], most: int, reach: int) -> dict[str, Any]:
        lanes = lanes_of(set_sizes)
        return {
            **columns(lanes),
            "set_sizes": [set_sizes[kind] for kind, _ in lanes],
            "marks": [self._marks.get(lane, 0) for lane in lanes],
        }

    def remember(self, rows: Sequence[sql.Row]) -> None:
        self._marks |= marks_before(rows, lambda row: (row["kind_id"], row["priority"]))
