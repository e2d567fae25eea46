"""Sub-queues: a partition at a priority, read in the order of arrival."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from queueapp.claiming.watermarks import CommitHorizon
from queueapp.db import statements

SubQueue = tuple[int, int]  # partition, priority
Key = TypeVar("Key")

FEW = 100  # so many sub-queues of a queue are read by each claim, also those that had nothing at the last poll


def columns(sub_queues: Collection[SubQueue]) -> dict[str, list[int]]:
    """The sub-queues as a statement takes them."""
    return {
        "partitions": [partition for partition, _ in sub_queues],
        "priorities": [priority for _, priority in sub_queues],
    }


def cursors_before(rows: Sequence[statements.Row], sub_queue_of: Callable[[statements.Row], Key]) -> dict[Key, int]:
    """Of each sub-queue that something was taken from, the number just before the first of it."""
    last_first = sorted(rows, key=lambda row: row["ready_seq"], reverse=True)
    return {sub_queue_of(row): row["ready_seq"] - 1 for row in last_first}


class KnownSubQueues:
    """The sub-queues that had something once, and which of them have something now.

    A partition may have two hundred priorities, and a worker may know thousands of partitions of which few have
    anything waiting. So a poll looks into the known ones, and for others between their priorities; claims read where
    something was found.
    """

    def __init__(self) -> None:
        self._known: dict[int, set[int]] = {}  # by partition, the priorities
        self._waiting: dict[int, set[int]] = {}  # as of the last poll
        self._empty_elsewhere: dict[int, int] = {}  # nothing is queued up to these numbers in what is not known

    def of(self, partitions: Iterable[int]) -> list[SubQueue]:
        return _flat(self._known, partitions)

    def any_waiting(self, partitions: Collection[int]) -> bool:
        """Whether the last poll found something in any of them."""
        return not self._waiting.keys().isdisjoint(partitions)

    def to_read(self, partitions: Collection[int]) -> list[SubQueue]:
        """Those that a claim reads: all while they are few, so that what has just arrived is seen; or what waits."""
        if len(partitions) <= FEW and len(known := self.of(partitions)) <= FEW:
            return known
        return _flat(self._waiting, partitions)

    def poll(
        self, statement: str, partitions: Sequence[int], empty: Mapping[str, list[int]], horizon: CommitHorizon
    ) -> list[tuple[SubQueue, int | None]]:
        """The number that each known sub-queue and each new one begins at by the statement; None where it has nothing.

        `empty` says of the known ones, in the order of `of`, where nothing is queued.
        """
        found = statements.rows(
            statement,
            {
                "polled": list(partitions),
                "elsewhere": [self._empty_elsewhere.get(partition, 0) for partition in partitions],
                **columns(self.of(partitions)),
                **empty,
            },
        )
        for partition in partitions:
            self._waiting.pop(partition, None)
        heads = [((row["partition_id"], row["priority"]), row["ready_seq"]) for row in found]
        for (partition, priority), number in heads:
            self._known.setdefault(partition, set()).add(priority)
            if number is not None:
                self._waiting.setdefault(partition, set()).add(priority)
        self._empty_elsewhere |= dict.fromkeys(partitions, horizon.reached)
        return heads


def _flat(priorities: Mapping[int, set[int]], partitions: Iterable[int]) -> list[SubQueue]:
    return [(partition, priority) for partition in partitions for priority in priorities.get(partition, ())]


def batch_columns(sub_queues: Collection[SubQueue], batch_sizes: Mapping[int, int]) -> dict[str, Any]:
    """As `columns`, with the batch size of each one's partition."""
    return {**columns(sub_queues), "batch_sizes": [batch_sizes[partition] for partition, _ in sub_queues]}
