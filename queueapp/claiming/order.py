"""What a strategy has to know: which lanes there are, from where to read each, and what was seen."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from queueapp import sql
from queueapp.claiming.horizon import Horizon

PRIORITIES = range(1, 11)


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
