"""fifo, priority and weighted_random: each sub-queue is read from its oldest task on."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

from queueapp.claiming.strategies.sub_queues import FEW, KnownSubQueues, SubQueue, batch_columns, cursors_before
from queueapp.claiming.strategies.window import Window
from queueapp.claiming.watermarks import CommitHorizon
from queueapp.db import statements


class ByArrival:
    """Each sub-queue has a cursor: what lies before it is taken, locked, or was not committed when last read."""

    statement: str

    def __init__(self) -> None:
        self._known = KnownSubQueues()
        self._cursors: dict[SubQueue, int] = {}
        self._settled: dict[SubQueue, int] = {}  # nothing is queued up to these numbers, and nothing can be

    def poll(self, partitions: Sequence[int], horizon: CommitHorizon) -> None:
        """Return each cursor to just before the oldest task of its sub-queue."""
        after = [self._settled[sub_queue] for sub_queue in self._known.of(partitions)]
        for sub_queue, oldest in self._known.poll("find_oldest", partitions, {"after": after}, horizon):
            self._cursors[sub_queue] = horizon.drawn if oldest is None else oldest - 1
            self._settled[sub_queue] = horizon.reached if oldest is None else min(oldest - 1, horizon.reached)

    def any_waiting(self, partitions: Collection[int]) -> bool:
        return self._known.any_waiting(partitions)

    def parameters(self, queue: str, batch_sizes: Mapping[int, int], limit: int, scan_limit: int) -> dict[str, Any]:
        sub_queues = self._known.to_read(batch_sizes)
        return {
            **batch_columns(sub_queues, batch_sizes),
            "cursors": [self._cursors[sub_queue] for sub_queue in sub_queues],
        }

    def remember(self, queue: str, rows: Sequence[statements.Row]) -> bool:
        self._cursors |= cursors_before(rows, lambda row: (row["partition_id"], row["priority"]))
        return False


class WeightedRandom(ByArrival):
    """Draws priorities in proportion to themselves, so it reads the beginnings of all."""

    statement = "claim_weighted_random"


class Fifo(ByArrival):
    """Reads all sub-queues up to the same number, since thousands of them may have something waiting."""

    statement = "claim_fifo"
    by_priority = False

    def __init__(self) -> None:
        super().__init__()
        self._windows: dict[str, Window] = {}
        self._newest = 0  # the last number drawn as of the last poll
        self._read: list[SubQueue] = []  # by the claim under way, and up to which numbers
        self._bounds: list[int] = []

    def poll(self, partitions: Sequence[int], horizon: CommitHorizon) -> None:
        super().poll(partitions, horizon)
        self._newest = horizon.newest
        for window in self._windows.values():
            window.return_to_heads()

    def parameters(self, queue: str, batch_sizes: Mapping[int, int], limit: int, scan_limit: int) -> dict[str, Any]:
        window = self._windows.setdefault(queue, Window())
        window.begin(limit, scan_limit)
        self._read, self._bounds = [], []
        ranked = sorted(self._known.to_read(batch_sizes), key=self._rank, reverse=True)
        for rank, group in groupby(ranked, self._rank):
            self._read_rank(window, rank, list(group))
            if window.is_bounded:
                break
        return {
            **batch_columns(self._read, batch_sizes),
            "cursors": [self._cursors[sub_queue] for sub_queue in self._read],
            "bounds": self._bounds,
            "by_priority": self.by_priority,
            "tell_next": self._tells_next(window),
        }

    def _read_rank(self, window: Window, rank: int, sub_queues: list[SubQueue]) -> None:
        until = window.until(rank, min(self._cursors[sub_queue] for sub_queue in sub_queues), self._newest)
        within = [sub_queue for sub_queue in sub_queues if self._cursors[sub_queue] < until]
        self._read += within
        self._bounds += [until] * len(within)

    def _tells_next(self, window: Window) -> bool:
        return window.is_bounded and len(self._read) > FEW

    def remember(self, queue: str, rows: Sequence[statements.Row]) -> bool:
        super().remember(queue, rows)
        window = self._windows[queue]
        seen = rows[0]["seen"] if rows else 0
        if rows and self._tells_next(window) and not window.was_full(seen):
            self._pass_emptied(rows[0]["next"] or {})
        last_by_rank = {self._rank((row["partition_id"], row["priority"])): row["ready_seq"] for row in rows}
        window.remember(seen, len(rows), last_by_rank)
        return window.is_bounded

    def _pass_emptied(self, next_numbers: Mapping[str, int | None]) -> None:
        """Where all up to the bound was taken, the next claims look no sooner than they come to what is behind it."""
        for place, number in next_numbers.items():
            # after the newest that is known the next poll looks
            self._cursors[self._read[int(place)]] = self._newest if number is None else number - 1

    def _rank(self, sub_queue: SubQueue) -> int:
        return sub_queue[1] if self.by_priority else 0


class Priority(Fifo):
    """The most urgent first, and by arrival among equals."""

    by_priority = True
