"""The strategies of queues: which sub-queues a claim reads, in which order, and from where."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from queueapp.claiming.strategies.by_arrival import Fifo, Priority, WeightedRandom
from queueapp.claiming.strategies.lifo import Lifo
from queueapp.claiming.strategies.round_robin import RoundRobin
from queueapp.claiming.watermarks import CommitHorizon
from queueapp.db import statements
from queueapp.models import Queue

__all__ = ["STRATEGIES", "ClaimStrategy"]


class ClaimStrategy(Protocol):
    """In which order tasks are claimed. One object serves all queues of its strategy.

    Remembers where each sub-queue has nothing left, so that no statement walks over that again: a snapshot that
    somebody holds for minutes keeps an index entry of every task done since.
    """

    statement: str  # in claiming/sql

    def poll(self, partitions: Sequence[int], horizon: CommitHorizon) -> None:
        """See from the database which sub-queues of these partitions have something, and where they begin."""

    def any_waiting(self, partitions: Collection[int]) -> bool:
        """Whether the last poll found something in any of them."""

    def parameters(self, queue: str, batch_sizes: Mapping[int, int], limit: int, scan_limit: int) -> dict[str, Any]:
        """What the statement needs to know of the sub-queues of a queue's partitions, given with their batch sizes."""

    def remember(self, queue: str, rows: Sequence[statements.Row]) -> bool:
        """Note what a claim has taken, in its order. Returns whether it left out what lies further on."""


STRATEGIES: dict[str, Callable[[], ClaimStrategy]] = {
    Queue.Strategy.FIFO: Fifo,
    Queue.Strategy.PRIORITY: Priority,
    Queue.Strategy.LIFO: Lifo,
    Queue.Strategy.WEIGHTED_RANDOM: WeightedRandom,
    Queue.Strategy.FAIR: RoundRobin,
}
