"""The strategies of queues: which sub-queues (a partition at a priority) a claim reads, and from where."""

import math
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from queueapp.claiming.watermarks import CommitHorizon
from queueapp.db import statements

PRIORITIES = range(1, 11)
SubQueue = tuple[int, int]  # partition, priority
Key = TypeVar("Key")


class ClaimStrategy(Protocol):
    """In which order tasks are claimed.

    Remembers where each sub-queue has nothing left, so that no statement walks over that again: a snapshot that
    somebody holds for minutes keeps an index entry of every task done since.
    """

    statement: str  # in claiming/sql

    def poll(self, partitions: Sequence[int], horizon: CommitHorizon) -> None:
        """See from the database where the sub-queues of these partitions begin."""

    def parameters(self, batch_sizes: Mapping[int, int], limit: int, scan_limit: int) -> dict[str, Any]:
        """What the statement needs to know of the sub-queues of these partitions."""

    def remember(self, rows: Sequence[statements.Row]) -> None:
        """Note what a claim has taken, so that the next one starts behind it."""


def sub_queues_of(partitions: Iterable[int]) -> list[SubQueue]:
    return [(partition, priority) for partition in partitions for priority in PRIORITIES]


def columns(sub_queues: Sequence[SubQueue]) -> dict[str, list[int]]:
    """The sub-queues as a statement takes them."""
    return {
        "partitions": [partition for partition, _ in sub_queues],
        "priorities": [priority for _, priority in sub_queues],
    }


def cursors_before(rows: Sequence[statements.Row], sub_queue_of: Callable[[statements.Row], Key]) -> dict[Key, int]:
    """Of each sub-queue that something was taken from, the number just before the first of it."""
    last_first = sorted(rows, key=lambda row: row["ready_seq"], reverse=True)
    return {sub_queue_of(row): row["ready_seq"] - 1 for row in last_first}


class Fifo:
    """fifo, priority and weighted_random, by statement: reads each sub-queue from its oldest task on.

    Each has a cursor: what lies before it is taken, locked, or was not committed when last read.
    """

    def __init__(self, statement: str) -> None:
        self.statement = statement
        self._cursors: dict[SubQueue, int] = {}
        self._settled: dict[SubQueue, int] = {}  # nothing is queued up to these numbers, and nothing can be

    def poll(self, partitions: Sequence[int], horizon: CommitHorizon) -> None:
        """Return each cursor to just before the oldest task of its sub-queue."""
        sub_queues = sub_queues_of(partitions)
        after = [self._settled.get(sub_queue, 0) for sub_queue in sub_queues]
        found = statements.rows("find_oldest", {**columns(sub_queues), "after": after})
        for row in found:
            sub_queue, oldest = (row["partition_id"], row["priority"]), row["ready_seq"]
            self._cursors[sub_queue] = horizon.drawn if oldest is None else oldest - 1
            self._settled[sub_queue] = horizon.reached if oldest is None else min(oldest - 1, horizon.reached)

    def parameters(self, batch_sizes: Mapping[int, int], limit: int, scan_limit: int) -> dict[str, Any]:
        sub_queues = sub_queues_of(batch_sizes)
        return {
            **columns(sub_queues),
            "batch_sizes": [batch_sizes[partition] for partition, _ in sub_queues],
            "cursors": [self._cursors.get(sub_queue, 0) for sub_queue in sub_queues],
        }

    def remember(self, rows: Sequence[statements.Row]) -> None:
        self._cursors |= cursors_before(rows, lambda row: (row["partition_id"], row["priority"]))


Stretch = tuple[int, int]  # after, until
NOTHING: Stretch = (0, 0)


class Lifo:
    """lifo: leaves out one stretch of each sub-queue: what was done below the newest arrivals and above the rest."""

    statement = "claim_lifo"

    def __init__(self) -> None:
        self._done: dict[SubQueue, Stretch] = {}  # taken, locked, or not committed at the last poll
        self._settled: dict[SubQueue, Stretch] = {}  # nothing is queued there, and nothing can be

    def poll(self, partitions: Sequence[int], horizon: CommitHorizon) -> None:
        """Return to what is settled: from the newest task to the horizon, where there is nothing newer."""
        sub_queues = sub_queues_of(partitions)
        for row in statements.rows("find_newest", _columns(sub_queues, self._settled)):
            newest = row["ready_seq"] or 0
            if newest < horizon.reached:
                self._settled[row["partition_id"], row["priority"]] = (newest, horizon.reached)
        self._done = dict(self._settled)

    def parameters(self, batch_sizes: Mapping[int, int], limit: int, scan_limit: int) -> dict[str, Any]:
        sub_queues = sub_queues_of(batch_sizes)
        return {
            **_columns(sub_queues, self._done),
            "batch_sizes": [batch_sizes[partition] for partition, _ in sub_queues],
        }

    def remember(self, rows: Sequence[statements.Row]) -> None:
        """What was taken from below the stretch makes it longer."""
        for row in rows:
            sub_queue = (row["partition_id"], row["priority"])
            after, until = self._done.get(sub_queue, NOTHING)
            if row["ready_seq"] <= after:
                self._done[sub_queue] = (row["ready_seq"] - 1, until)


def _columns(sub_queues: Sequence[SubQueue], left_out: Mapping[SubQueue, Stretch]) -> dict[str, list[int]]:
    stretches = [left_out.get(sub_queue, NOTHING) for sub_queue in sub_queues]
    return {
        **columns(sub_queues),
        "after": [after for after, _ in stretches],
        "until": [until for _, until in stretches],
    }


TenantSubQueue = tuple[int, UUID, int]  # partition, tenant, priority


class RoundRobin:
    """fair: knows who had something waiting at the last poll, and who was served last."""

    statement = "claim_round_robin"

    def __init__(self) -> None:
        self._cursors: dict[TenantSubQueue, int] = {}
        self._settled: dict[TenantSubQueue, int] = {}  # nothing is queued up to these numbers, and nothing can be …
        self._settled_elsewhere: dict[
            int, int
        ] = {}  # … nor up to these in a partition's sub-queues that are not in there
        self._ring: list[UUID] = []
        self._served_last = UUID(int=0)

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
        self._ring = sorted({tenant for _, tenant, _ in oldest})

    def parameters(self, batch_sizes: Mapping[int, int], limit: int, scan_limit: int) -> dict[str, Any]:
        start = bisect_right(self._ring, self._served_last)
        turn = {tenant: place for place, tenant in enumerate((self._ring[start:] + self._ring[:start])[:limit])}
        sub_queues = [sub_queue for sub_queue in self._cursors if sub_queue[1] in turn]
        return {
            **_tenant_columns(sub_queues),
            "batch_sizes": [batch_sizes[partition] for partition, _, _ in sub_queues],
            "places": [turn[tenant] for _, tenant, _ in sub_queues],
            "cursors": [self._cursors[sub_queue] for sub_queue in sub_queues],
            "share": math.ceil(scan_limit / max(1, len(turn))),
        }

    def remember(self, rows: Sequence[statements.Row]) -> None:
        self._cursors |= cursors_before(rows, _sub_queue_of)
        if rows:
            self._served_last = rows[-1]["tenant_id"]


def _sub_queue_of(row: statements.Row) -> TenantSubQueue:
    return row["partition_id"], row["tenant_id"], row["priority"]


def _tenant_columns(sub_queues: Collection[TenantSubQueue]) -> dict[str, list[Any]]:
    return {
        "sub_queue_partitions": [partition for partition, _, _ in sub_queues],
        "tenants": [tenant for _, tenant, _ in sub_queues],
        "priorities": [priority for _, _, priority in sub_queues],
    }
