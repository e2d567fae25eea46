"""fifo, priority and weighted_random: lanes of a kind and a priority, each read from its oldest task on."""

import math
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from queueapp.claiming.watermarks import Horizon
from queueapp.db import statements

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

    def remember(self, rows: Sequence[statements.Row]) -> None:
        """Note what a claim has taken, so that the next one starts behind it."""


def lanes_of(kinds: Iterable[int]) -> list[KindLane]:
    return [(kind, priority) for kind in kinds for priority in PRIORITIES]


def columns(lanes: Sequence[KindLane]) -> dict[str, list[int]]:
    """The lanes as a statement takes them."""
    return {"kinds": [kind for kind, _ in lanes], "priorities": [priority for _, priority in lanes]}


def marks_before(rows: Sequence[statements.Row], lane_of: Callable[[statements.Row], Lane]) -> dict[Lane, int]:
    """Of each lane that something was taken from, the number just before the first of it."""
    last_first = sorted(rows, key=lambda row: row["ready_seq"], reverse=True)
    return {lane_of(row): row["ready_seq"] - 1 for row in last_first}


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
        found = statements.rows("find_oldest", {**columns(lanes), "after": after})
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

    def remember(self, rows: Sequence[statements.Row]) -> None:
        self._marks |= marks_before(rows, lambda row: (row["kind_id"], row["priority"]))


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
        for row in statements.rows("find_newest", _columns(lanes, self._settled)):
            newest = row["ready_seq"] or 0
            if newest < horizon.reached:
                self._settled[row["kind_id"], row["priority"]] = (newest, horizon.reached)
        self._done = dict(self._settled)

    def parameters(self, set_sizes: Mapping[int, int], most: int, reach: int) -> dict[str, Any]:
        lanes = lanes_of(set_sizes)
        return {**_columns(lanes, self._done), "set_sizes": [set_sizes[kind] for kind, _ in lanes]}

    def remember(self, rows: Sequence[statements.Row]) -> None:
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


TenantLane = tuple[int, UUID, int]  # kind, tenant, priority


class ByTurns:
    """Knows who had something waiting at the last look, and who was served last."""

    statement = "claim_fair"

    def __init__(self) -> None:
        self._marks: dict[TenantLane, int] = {}
        self._settled: dict[TenantLane, int] = {}  # nothing is queued up to these numbers, and nothing can be …
        self._settled_elsewhere: dict[int, int] = {}  # … nor up to these in a kind's lanes that are not in there
        self._ring: list[UUID] = []
        self._served_last = UUID(int=0)

    def look(self, kinds: Sequence[int], horizon: Horizon) -> None:
        """See who has something waiting, and from where on."""
        elsewhere = [self._settled_elsewhere.get(kind, 0) for kind in kinds]
        known = {**_tenant_columns(self._settled), "after": list(self._settled.values())}
        found = statements.rows("find_waiting_tenants", {"kinds": list(kinds), "elsewhere": elsewhere, **known})
        oldest = {_lane_of(row): row["ready_seq"] for row in found}
        self._marks = {lane: number - 1 for lane, number in oldest.items()}
        self._settled = {lane: min(number - 1, horizon.reached) for lane, number in oldest.items()}
        self._settled_elsewhere = dict.fromkeys(kinds, horizon.reached)
        self._ring = sorted({tenant for _, tenant, _ in oldest})

    def parameters(self, set_sizes: Mapping[int, int], most: int, reach: int) -> dict[str, Any]:
        start = bisect_right(self._ring, self._served_last)
        turn = {tenant: place for place, tenant in enumerate((self._ring[start:] + self._ring[:start])[:most])}
        lanes = [lane for lane in self._marks if lane[1] in turn]
        return {
            **_tenant_columns(lanes),
            "set_sizes": [set_sizes[kind] for kind, _, _ in lanes],
            "places": [turn[tenant] for _, tenant, _ in lanes],
            "marks": [self._marks[lane] for lane in lanes],
            "share": math.ceil(reach / max(1, len(turn))),
        }

    def remember(self, rows: Sequence[statements.Row]) -> None:
        self._marks |= marks_before(rows, _lane_of)
        if rows:
            self._served_last = rows[-1]["tenant_id"]


def _lane_of(row: statements.Row) -> TenantLane:
    return row["kind_id"], row["tenant_id"], row["priority"]


def _tenant_columns(lanes: Collection[TenantLane]) -> dict[str, list[Any]]:
    return {
        "lane_kinds": [kind for kind, _, _ in lanes],
        "tenants": [tenant for _, tenant, _ in lanes],
        "priorities": [priority for _, _, priority in lanes],
    }
