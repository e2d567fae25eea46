"""fair: one task of each tenant in turn."""

import math
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from queueapp.claiming.strategies.sub_queues import cursors_before
from queueapp.claiming.watermarks import CommitHorizon
from queueapp.db import statements

TenantSubQueue = tuple[int, UUID, int]  # partition, tenant, priority


class RoundRobin:
    """Knows who had something waiting at the last poll, and who was served last in each queue."""

    statement = "claim_round_robin"

    def __init__(self) -> None:
        self._cursors: dict[TenantSubQueue, int] = {}  # of those with something waiting
        self._settled: dict[TenantSubQueue, int] = {}  # nothing is queued up to these numbers, and nothing can be …
        # … nor up to these in a partition's sub-queues that are not in there
        self._settled_elsewhere: dict[int, int] = {}
        self._served_last: dict[str, UUID] = {}  # by queue
        self._rings: dict[str, list[UUID]] = {}  # by queue: the tenants, until the next poll
        self._waiting: set[int] = set()  # partitions, as of the last poll

    def poll(self, partitions: Sequence[int], horizon: CommitHorizon) -> None:
        """See who has something waiting, and from where on."""
        elsewhere = [self._settled_elsewhere.get(partition, 0) for partition in partitions]
        known = {**_tenant_columns(self._settled), "after": list(self._settled.values())}
        found = statements.rows(
            "find_waiting_tenants", {"partitions": list(partitions), "elsewhere": elsewhere, **known}
        )
        oldest = {_sub_queue_of(row): row["ready_seq"] for row in found}
        self._cursors = {sub_queue: number - 1 for sub_queue, number in oldest.items()}
        self._settled = {sub_queue: min(number - 1, horizon.reached) for sub_queue, number in oldest.items()}
        self._settled_elsewhere = dict.fromkeys(partitions, horizon.reached)
        self._rings = {}
        self._waiting = {partition for partition, _, _ in oldest}

    def any_waiting(self, partitions: Collection[int]) -> bool:
        return not self._waiting.isdisjoint(partitions)

    def parameters(self, queue: str, batch_sizes: Mapping[int, int], limit: int, scan_limit: int) -> dict[str, Any]:
        own = [sub_queue for sub_queue in self._cursors if sub_queue[0] in batch_sizes]
        if (ring := self._rings.get(queue)) is None:
            ring = self._rings[queue] = sorted({tenant for _, tenant, _ in own})
        start = bisect_right(ring, self._served_last.get(queue, UUID(int=0)))
        turn = {tenant: place for place, tenant in enumerate((ring[start:] + ring[:start])[:limit])}
        sub_queues = [sub_queue for sub_queue in own if sub_queue[1] in turn]
        return {
            **_tenant_columns(sub_queues),
            "batch_sizes": [batch_sizes[partition] for partition, _, _ in sub_queues],
            "places": [turn[tenant] for _, tenant, _ in sub_queues],
            "cursors": [self._cursors[sub_queue] for sub_queue in sub_queues],
            "share": math.ceil(scan_limit / max(1, len(turn))),
        }

    def remember(self, queue: str, rows: Sequence[statements.Row]) -> bool:
        self._cursors |= cursors_before(rows, _sub_queue_of)
        if rows:
            self._served_last[queue] = rows[-1]["tenant_id"]
        return False


def _sub_queue_of(row: statements.Row) -> TenantSubQueue:
    return row["partition_id"], row["tenant_id"], row["priority"]


def _tenant_columns(sub_queues: Collection[TenantSubQueue]) -> dict[str, list[Any]]:
    return {
        "sub_queue_partitions": [partition for partition, _, _ in sub_queues],
        "tenants": [tenant for _, tenant, _ in sub_queues],
        "priorities": [priority for _, _, priority in sub_queues],
    }
