"""Which partitions a worker may take: matched in memory, so that capabilities never filter the backlog.

A partition is a queue, a type and requirements. Its row is made here, not where tasks are inserted: a submit in a
transaction that is held open would block every other first submit of the same partition.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum

from queueapp.claiming.pauses import Pauses
from queueapp.db import statements
from queueapp.handlers import Handler, find_handler
from queueapp.models import Partition, Queue
from queueapp.tenancy import worker_statement
from queueapp.type_patterns import meets, type_matches

REFRESH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a worker declares: queues in the order it polls them, type patterns, and free-form properties.

    Without queues it serves all that there are, those added later too.
    """

    queues: tuple[str, ...] | None
    categories: tuple[str, ...] = ("*",)
    properties: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {**self.properties, "categories": list(self.categories)}

    @property
    def queues_as_list(self) -> list[str] | None:
        """As a worker's row holds them."""
        return None if self.queues is None else list(self.queues)

    def serve(self, queue: str) -> bool:
        return self.queues is None or queue in self.queues

    def allow(self, partition: Partition) -> bool:
        """Whether a worker with these capabilities may take tasks of this partition."""
        return (
            self.serve(partition.queue)
            and any(type_matches(partition.type, category) for category in self.categories)
            and meets(self.properties, partition.requirements)
        )


@dataclass(frozen=True, slots=True)
class ClaimablePartition:
    """A partition that this worker may take, with the handler that will run it."""

    partition_id: int
    handler: Handler


def list_new_partitions(worker_id: UUID) -> bool:
    """Give each partition in which tasks wait its row, in a transaction of its own. Whether some had none."""
    with worker_statement(worker_id):
        (found,) = statements.rows("new_partitions_exist")
    if found["exist"]:
        with worker_statement(worker_id):
            statements.rows("list_new_partitions")
    return bool(found["exist"])


class PartitionTable:
    """The claimable partitions of each open queue, read once a second. Types without a handler here stay queued."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.pauses = Pauses()
        self.queues: tuple[str, ...] = capabilities.queues or ()  # those there are now, where the worker serves all
        self.strategies: dict[str, str] = {}
        self.claimable: dict[str, list[ClaimablePartition]] = {}
        self._read_at = float("-inf")
        self._known: tuple[int, int] = (0, 0)  # how many rows were read, and the sum of their ids

    @property
    def is_stale(self) -> bool:
        return time.monotonic() - self._read_at >= REFRESH_SECONDS

    def open_partitions(self) -> Iterator[tuple[str, list[ClaimablePartition]]]:
        """Each queue that is not paused and has partitions for this worker, with these."""
        paused = self.pauses.state.queues
        return (
            (queue, partitions)
            for queue, partitions in self.claimable.items()
            if queue in self.strategies and queue not in paused
        )

    def refresh(self) -> None:
        """Read what changed. Needs a worker's scope."""
        queues = list(Queue.objects.order_by("name"))
        self.pauses.hear(
            max((queue.pause_seq for queue in queues), default=0), (queue.name for queue in queues if queue.paused_at)
        )
        self.strategies = {queue.name: queue.strategy for queue in queues if queue.paused_at is None}
        self.queues = self.capabilities.queues or tuple(queue.name for queue in queues)
        now = Partition.objects.aggregate(count=Count("id"), ids=Sum("id"))
        if (known := (now["count"], now["ids"] or 0)) != self._known:
            self._read_partitions()
            self._known = known
        self._read_at = time.monotonic()

    def _read_partitions(self) -> None:
        self.claimable = {}
        for partition in Partition.objects.all():
            handler = find_handler(partition.type)
            if handler is not None and self.capabilities.allow(partition):
                self.claimable.setdefault(partition.queue, []).append(ClaimablePartition(partition.id, handler))
