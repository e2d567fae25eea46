"""fair: lanes of a kind, a tenant and a priority; the tenants form a ring and are served in turn."""

import math
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from queueapp import sql
from queueapp.claiming.horizon import Horizon
from queueapp.claiming.order import marks_before

Lane = tuple[int, UUID, int]  # kind, tenant, priority


class ByTurns:
    """Knows who had something waiting at the last look, and who was served last."""

    statement = "claim_fair"

    def __init__(self) -> None:
        self._marks: dict[Lane, int] = {}
        self._settled: dict[Lane, int] = {}  # nothing is queued up to these numbers, and nothing can be …
        self._settled_elsewhere: dict[int, int] = {}  # … nor up to these in a kind's lanes that are not in there
        self._ring: list[UUID] = []
        self._served_last = UUID(int=0)

    def look(self, kinds: Sequence[int], horizon: Horizon) -> None:
        """See who has something waiting, and from where on."""
        elsewhere = [self._settled_elsewhere.get(kind, 0) for kind in kinds]
        known = {**_columns(self._settled), "after": list(self._settled.values())}
        found = sql.rows("find_waiting_tenants", {"kinds": list(kinds), "elsewhere": elsewhere, **known})
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
            **_columns(lanes),
            "set_sizes": [set_sizes[kind] for kind, _, _ in lanes],
            "places": [turn[tenant] for _, tenant, _ in lanes],
            "marks": [self._marks[lane] for lane in lanes],
            "share": math.ceil(reach / max(1, len(turn))),
        }

    def remember(self, rows: Sequence[sql.Row]) -> None:
        self._marks |= marks_before(rows, _lane_of)
        if rows:
            self._served_last = rows[-1]["tenant_id"]


def _lane_of(row: sql.Row) -> Lane:
    return row["kind_id"], row["tenant_id"], row["priority"]


def _columns(lanes: Collection[Lane]) -> dict[str, list[Any]]:
    return {
        "lane_kinds": [kind for kind, _, _ in lanes],
        "tenants": [tenant for _, tenant, _ in lanes],
        "priorities": [priority for _, _, priority in lanes],
    }
