"""lifo: lanes of a kind and a priority, each read from its newest task down."""

from collections.abc import Mapping, Sequence
from typing import Any

from queueapp import sql
from queueapp.claiming.horizon import Horizon
from queueapp.claiming.order import KindLane, columns, lanes_of

Stretch = tuple[int, int]  # after, until
NOTHING: Stretch = (0, 0)


class NewestFirst:
    """Leaves out one stretch of each lane: what was done below the newest arrivals and above the rest."""

    statement = "claim_newest"

    def __init__(self) -> None:
        self._done: dict[KindLane, Stretch] = {}  # taken, locked, or not committed at the last look
        self._settled: dict[KindLane, Stretch] = {}  # nothing is queued there, and nothing can be

    def look(self, kinds: Sequence[int], horizon: Horizon) -> None:
        """Return to what is settled: from the newest task to the horizon, where there is nothing newer."""
        lanes = lanes_of(kinds)
        for row in sql.rows("find_newest", _columns(lanes, self._settled)):
            newest = row["ready_seq"] or 0
            if newest < horizon.reached:
                self._settled[row["kind_id"], row["priority"]] = (newest, horizon.reached)
        self._done = dict(self._settled)

    def parameters(self, set_sizes: Mapping[int, int], most: int, reach: int) -> dict[str, Any]:
        lanes = lanes_of(set_sizes)
        return {**_columns(lanes, self._done), "set_sizes": [set_sizes[kind] for kind, _ in lanes]}

    def remember(self, rows: Sequence[sql.Row]) -> None:
        """What was taken from below the stretch makes it longer."""
        for row in rows:
            lane = (row["kind_id"], row["priority"])
            after, until = self._done.get(lane, NOTHING)
            if row["ready_seq"] <= after:
                self._done[lane] = (row["ready_seq"] - 1, until)


def _columns(lanes: Sequence[KindLane], left_out: Mapping[KindLane, Stretch]) -> dict[str, list[int]]:
    stretches = [left_out.get(lane, NOTHING) for lane in lanes]
    return {
        **columns(lanes),
        "after": [after for after, _ in stretches],
        "until": [until for _, until in stretches],
    }
