"""Which partitions a worker may take: matched in memory, so that capabilities never filter the backlog.

A partition is a queue, a type and requirements. Its row is made here, not where tasks are inserted: a submit in a
transaction that is held open would block every other first submit of the same partition (schema/22_partitions.sql).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from queueapp.claiming.pauses import Pauses
from queueapp.claiming.poll import Poll
from queueapp.db import statements
from queueapp.handlers import Handler, find_handler
from queueapp.tenancy import worker_statement
from queueapp.type_patterns import meets, type_matches

Runner = TypeVar("Runner")

REFRESH_SECONDS = 1.0
START_OVER_SECONDS = 600.0
PAGE = 1_000  # rows read at a time
NOTES_LISTED = 10_000  # at a time


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

    def allow(self, queue: str, type: str, requirements: Mapping[str, Any]) -> bool:
        """Whether a worker with these capabilities may take tasks of this partition."""
        return (
            self.serve(queue)
            and any(type_matches(type, category) for category in self.categories)
            and meets(self.properties, requirements)
        )


@dataclass(frozen=True, slots=True)
class ClaimablePartition:
    """A partition that this worker may take, with the handler that will run it."""

    partition_id: int
    handler: Handler


def list_new_partitions(worker_id: UUID) -> bool:
    """As list_noted, where there is a note. Whether there was one."""
    with worker_statement(worker_id):
        (found,) = statements.rows("new_partitions_exist")
    if found["exist"]:
        list_noted(worker_id)
    return bool(found["exist"])


def list_noted(worker_id: UUID) -> None:
    """Give each partition that submitters noted its row, in a transaction of its own."""
    with worker_statement(worker_id):
        statements.rows("list_new_partitions", {"batch": NOTES_LISTED})


class MatchingPartitions(Generic[Runner]):
    """The partitions that some capabilities match, each with what runs its type. Nothing is kept of the others.

    A refresh reads the rows that were added since the last. Now and then it starts over, which drops what was deleted.
    """

    def __init__(self, capabilities: Capabilities, find_runner: Callable[[str], Runner | None]) -> None:
        self._capabilities = capabilities
        self._find_runner = find_runner
        self.start_over()

    def start_over(self) -> None:
        """The next refresh reads everything."""
        self.by_queue: dict[str, dict[int, Runner]] = {}  # and id
        self._number = 0  # of the last row that was read
        self._has_started_over = True
        self._started_at = time.monotonic()

    def is_behind(self, last_number: int) -> bool:
        """Whether there is something to refresh, where that is the greatest number; 0 where there are no rows."""
        if last_number < self._number:  # that row was deleted, or this is another database
            self.start_over()
        return last_number != self._number or self._has_started_over or self._is_old

    @property
    def _is_old(self) -> bool:
        return time.monotonic() - self._started_at >= START_OVER_SECONDS

    def refresh(self) -> bool:
        """Whether anything may have changed. Needs a worker's scope."""
        if self._is_old:
            self.start_over()
        changed = self._has_started_over
        while rows := statements.rows("partitions_after", {"after": self._number, "page": PAGE}):
            if rows[0]["number"] <= self._number:
                self.start_over()
            for row in rows:
                self._keep_matching(**row)
            changed = True
            if len(rows) < PAGE:
                break
        self._has_started_over = False
        return changed

    def _keep_matching(self, number: int, id: int, queue: str, type: str, requirements: dict[str, Any]) -> None:
        self._number = number
        runner = self._find_runner(type)
        if runner is not None and self._capabilities.allow(queue, type, requirements):
            self.by_queue.setdefault(queue, {})[id] = runner


class PartitionTable:
    """The claimable partitions of each open queue, read once a second. Types without a handler here stay queued."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.pauses = Pauses()
        self.queues: tuple[str, ...] = capabilities.queues or ()  # those there are now, where the worker serves all
        self.strategies: dict[str, str] = {}
        self.claimable: dict[str, list[ClaimablePartition]] = {}
        self._matching = MatchingPartitions(capabilities, find_handler)
        self._read_at = float("-inf")

    def forget(self) -> None:
        """The next refresh reads everything."""
        self._matching.start_over()
        self._read_at = float("-inf")

    @property
    def is_stale(self) -> bool:
        return time.monotonic() - self._read_at >= REFRESH_SECONDS

    def open_partitions(self) -> Iterator[tuple[str, list[ClaimablePartition]]]:
        """Each queue that is not paused and has partitions for this worker, with these; none where it is to end."""
        if self.pauses.asked_to_end:
            return iter(())
        paused = self.pauses.state.queues
        return (
            (queue, partitions)
            for queue, partitions in self.claimable.items()
            if queue in self.strategies and queue not in paused
        )

    def refresh(self, polled: Poll) -> bool:
        """Take on the queues. Whether partitions may have come or gone, so that `read_partitions` must follow."""
        self.pauses.take(polled)
        self.strategies = {queue.name: queue.strategy for queue in polled.queues if not queue.is_paused}
        self.queues = self.capabilities.queues or tuple(queue.name for queue in polled.queues)
        self._read_at = time.monotonic()
        return self._matching.is_behind(polled.last_partition)

    def read_partitions(self) -> None:
        """Needs a worker's scope."""
        if self._matching.refresh():
            self.claimable = {
                queue: [ClaimablePartition(id, handler) for id, handler in handlers.items()]
                for queue, handlers in self._matching.by_queue.items()
            }
