"""fair: lanes of a kind, a tenant and a priority; the tenants form a ring and are served in turn."""

import math
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from queueapp import sql
from queueapp.claiming.horizon import Horizon

Lane = tuple[int, UUID, int]  # kind, tenant, priority
LEVELS = 2  # of a tenant's priorities that a claim reads, the most urgent; further ones after the next look


class ByTurns:
    """Knows who had something waiting at the last look, and who was served last."""

    statement = "claim_fair"

    def __init__(self) -> None:
        self._marks: dict[Lane, int] = {}
        self._settled: dict[Lane, int] = {}  # nothing is queued up to these numbers, and nothing can be …
        self._settled_elsewhere: dict[int, int] = {}  # … nor up to these in a kind's lanes that are not in there
        self._ring: dict[UUID, list[Lane]] = {}  # each tenant's most urgent lanes, in the order of the tenants
        self._served_last = UUID(int=0)

    def look(self, kinds: Sequence[int], horizon: Horizon) -> None:
        """See who has something waiting, and from where on."""
        elsewhere = [self._settled_elsewhere.get(kind, 0) for kind in kinds]
        known = {**_columns(self._settled), "after": list(self._settled.values())}
        found = sql.rows("find_waiting_tenants", {"kinds": list(kinds), "elsewhere": elsewhere, **known})
        oldest = {(row["kind_id"], row["tenant_id"], row["priority"]): row["ready_seq"] for row in found}
        self._marks = {lane: number - 1 for lane, number in oldest.items()}
        self._settled = {lane: min(number - 1, horizon.reached) for lane, number in oldest.items()}
        self._settled_elsewhere = dict.fromkeys(kinds, horizon.reached)
        self._ring = _most_urgent(oldest)

    def parameters(self, set_sizes: Mapping[int, int], most: int, reach: int) -> dict[str, Any]:
        tenants = list(self._ring)
        start = bisect_right(tenants, self._served_last)
        turn = (tenants[start:] + tenants[:start])[:most]
        lanes = [lane for tenant in turn for lane in self._ring[tenant]]
        places = {tenant: place for place, tenant in enumerate(turn)}
        return {
            **_columns(lanes),
            "set_sizes": [set_sizes[kind] for kind, _, _ in lanes],
            "places": [places[tenant] for _, tenant, _ in lanes],
            "marks": [self._marks[lane] for lane in lanes],
            "share": math.ceil(reach / max(1, len(turn))),
        }

    def remember(self, rows: Sequence[sql.Row]) -> None:
        first: dict[Lane, int] = {}
        for row in rows:
            lane = (row["kind_id"], row["tenant_id"], row["priority"])
            first[lane] = min(first.get(lane, row["ready_seq"]), row["ready_seq"])
            self._served_last = row["tenant_id"]
        self._marks |= {lane: number - 1 for lane, number in first.items()}


def _most_urgent(lanes: Iterable[Lane]) -> dict[UUID, list[Lane]]:
    found: dict[UUID, list[Lane]] = {}
    for tenant, own in groupby(sorted(lanes, key=lambda lane: (lane[1], -lane[2])), key=lambda lane: lane[1]):
        levels = [list(level) for _, level in groupby(own, key=lambda lane: lane[2])]
        found[tenant] = [lane for level in levels[:LEVELS] for lane in level]
    return found


def _columns(lanes: Collection[Lane]) -> dict[str, list[Any]]:
    return {
        "lane_kinds": [kind for kind, _, _ in lanes],
        "tenants": [tenant for _, tenant, _ in lanes],
        "priorities": [priority for _, _, priority in lanes],
    }
