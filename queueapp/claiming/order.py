"""What a strategy has to know: which lanes there are, from where to read each, and what was seen."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from queueapp import sql
from queueapp.claiming.horizon import Horizon

PRIORITIES = range(1, 11)
KindLane = tuple[int, int]  # kind, priority
Lane = TypeVar("Lane")


class Order(Protocol):
    """The order of a strategy. Remembers where each lane has nothing left, so that no statement walks over that again:
    a snapshot that somebody holds for minutes keeps an index entry of every task done since.
    """

    statement: str  # in queueapp/sql

    def look(self, kinds: Sequence[int], horizon: Horizon) -> None:
        """See from the database where the lanes of these kinds begin."""

    def parameters(self, set_sizes: Mapping[int, int], most: int, reach: int) -> dict[str, Any]:
        """What the statement needs to know of the lanes of these kinds."""

    def remember(self, rows: Sequence[sql.Row]) -> None:
        """Note what a claim has taken, so that the next one starts behind it."""


def lanes_of(kinds: Iterable[int]) -> list[KindLane]:
    return [(kind, priority) for kind in kinds for priority in PRIORITIES]


def columns(lanes: Sequence[KindLane]) -> dict[str, list[int]]:
    """The lanes as a statement takes them."""
    return {"kinds": [kind for kind, _ in lanes], "priorities": [priority for _, priority in lanes]}


def marks_before(rows: Sequence[sql.Row], lane_of: Callable[[sql.Row], Lane]) -> dict[Lane, int]:
    """Of each lane that something was taken from, the number just before the first of it."""
    last_first = sorted(rows, key=lambda row: row["ready_seq"], reverse=True)
    return {lane_of(row): row["ready_seq"] - 1 for row in last_first}
