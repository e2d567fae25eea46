"""The claimer of one worker process: which queue next, in which order, and how many."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from uuid import UUID

from queueapp.claiming.batch_size import LARGEST_BATCH, SMALL_BATCH, BatchSizes
from queueapp.claiming.duty_cycle import DutyCycle
from queueapp.claiming.partitions import (
    REFRESH_SECONDS,
    Capabilities,
    ClaimablePartition,
    PartitionTable,
    list_noted,
)
from queueapp.claiming.pauses import Pauses
from queueapp.claiming.poll import Poll, poll
from queueapp.claiming.strategies import STRATEGIES, ClaimStrategy
from queueapp.claiming.watermarks import CommitHorizon
from queueapp.db import statements
from queueapp.handlers import Handler, registered_handlers
from queueapp.observers import Transition, report_on_commit
from queueapp.states import Status
from queueapp.tenancy import worker_scope, worker_statement

OpenPartitions = dict[str, list[ClaimablePartition]]  # by queue

LEASE_SECONDS = 30
# Other claimers hold locks at the head, so a claim looks past them: at so many times the tasks it wants (and some), and
# much further where it found none, because others have been quicker.
SCAN_LIMIT, WIDE_SCAN_LIMIT, LEAST_SCAN_LIMIT = 4, 32, 20


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt that this worker holds until its lease expires."""

    id: UUID
    tenant_id: UUID
    type: str
    queue: str
    params: dict[str, Any]
    attempt: int
    failures: int
    max_retries: int
    timeout_seconds: int
    start_before: float | None = None  # time.monotonic(): when it expires
    runs_alone: bool = False  # its worker died before, perhaps over it


class Claimer:
    """Claims batches of tasks for one worker.

    Once a second, and whenever nothing was found, it polls where each sub-queue begins: transactions commit
    out of order, so a task may turn up before those that were claimed already.
    """

    def __init__(
        self,
        worker_id: UUID,
        capabilities: Capabilities,
        strategy: str | None = None,
        room: Callable[[Handler], int] = lambda handler: handler.concurrency,
    ) -> None:
        """`room` tells how many more tasks of an `async def` handler may start now."""
        self.worker_id = worker_id
        self.batch_sizes = BatchSizes()
        self.more_waiting = False  # whether the last claim saw more than it took
        self.left_out: set[str] = set()  # queues of which the last claim wanted nothing more of some type
        self._override = strategy  # of the queues' own
        self._room = room
        self._has_async = any(handler.is_async for handler in registered_handlers())
        self._partitions = PartitionTable(capabilities)
        self._turns: list[str] = []  # the queues, whose turn is next first
        self.forget()

    @property
    def queues(self) -> tuple[str, ...]:
        """Those that it serves, as of the last poll."""
        return self._partitions.queues

    @property
    def pauses(self) -> Pauses:
        return self._partitions.pauses

    def forget(self) -> None:
        """Start over: after its connection broke, the database may be another one."""
        self._partitions.forget()
        self._horizon = CommitHorizon()
        self._strategies: dict[str, ClaimStrategy] = {}  # by name
        self._duty_cycle = DutyCycle()
        self._read_at = float("-inf")

    def claim(self, notified: str | None = None) -> list[Claimed]:
        """Lease the next batch, from the queues in turn. Empty when nothing is ready for this worker.

        In the queue that `notified` something may wait that no poll has seen.
        """
        if due := self._partitions.is_stale:
            self._poll()
        claimed = self._claim_from_any(SCAN_LIMIT, notified) or self._claim_from_any(WIDE_SCAN_LIMIT)
        if claimed or due:
            return claimed
        self._poll()
        return self._claim_from_any(WIDE_SCAN_LIMIT)

    def _poll(self) -> None:
        """See which queues and partitions there are, and where their sub-queues begin."""
        if not self._duty_cycle.allows:
            self._refresh(poll(self.worker_id, self._horizon))
            return
        with self._duty_cycle.poll():
            polled = poll(self.worker_id, self._horizon)
            if polled.has_new_partitions:
                list_noted(self.worker_id)
                polled = poll(self.worker_id, self._horizon)
            self._refresh(polled)
            self._horizon.take(polled.numbers)
            self._read()

    def _refresh(self, polled: Poll) -> None:
        if self._partitions.refresh(polled):
            with worker_scope(self.worker_id):
                self._partitions.read_partitions()
        if set(self._turns) != set(self.queues):
            self._turns = list(self.queues)

    def _read(self) -> None:
        self._read_at = time.monotonic()
        polled: dict[str, list[int]] = {}
        for queue, partitions in self._partitions.open_partitions():
            polled.setdefault(self._strategy_name(queue), []).extend(p.partition_id for p in partitions)
        if polled:
            with worker_scope(self.worker_id):
                for name, ids in polled.items():
                    self._strategy(name).poll(ids, self._horizon)

    @property
    def _knows_what_waits(self) -> bool:
        """Not where the duty cycle holds polls back: then each claim looks into every queue."""
        return time.monotonic() - self._read_at < REFRESH_SECONDS

    def _claim_from_any(self, scan_limit: int, notified: str | None = None) -> list[Claimed]:
        open_partitions = self._with_room(dict(self._partitions.open_partitions()))
        for _ in range(len(self._turns)):
            queue = self._turns.pop(0)
            self._turns.append(queue)
            if queue not in open_partitions:
                continue
            strategy = self._strategy(self._strategy_name(queue))
            ids = [partition.partition_id for partition in open_partitions[queue]]
            may_have = queue == notified or not self._knows_what_waits or strategy.any_waiting(ids)
            if may_have and (claimed := self._claim_from(queue, strategy, open_partitions[queue], scan_limit)):
                return claimed
        return []

    def _with_room(self, open_partitions: OpenPartitions) -> OpenPartitions:
        """Without those of types of which as many run as may."""
        if not self._has_async:
            return open_partitions
        kept = {
            queue: [each for each in partitions if not each.handler.is_async or self._room(each.handler) > 0]
            for queue, partitions in open_partitions.items()
        }
        self.left_out = {queue for queue, partitions in kept.items() if len(partitions) < len(open_partitions[queue])}
        return {queue: partitions for queue, partitions in kept.items() if partitions}

    def _batch_size(self, handler: Handler, usual: int) -> int:
        if handler.is_async:  # all that are claimed start at once
            return max(1, min(LARGEST_BATCH, self._room(handler)))
        return usual if handler.prefetch else min(usual, SMALL_BATCH)

    def _claim_from(
        self, queue: str, strategy: ClaimStrategy, partitions: list[ClaimablePartition], scan_limit: int
    ) -> list[Claimed]:
        sizes = self.batch_sizes.of((partition.handler.type for partition in partitions), queue)
        batch_sizes = {
            partition.partition_id: self._batch_size(partition.handler, size)
            for partition, size in zip(partitions, sizes, strict=True)
        }
        limit = min(LARGEST_BATCH, max(batch_sizes.values()))
        rows_read = max(LEAST_SCAN_LIMIT, limit * scan_limit)
        common = {
            "limit": limit,
            "scan_limit": rows_read,
            "worker_id": self.worker_id,
            "lease_seconds": LEASE_SECONDS,
        }
        rows: list[statements.Row] = []
        reads_on = True
        while not rows and reads_on:
            parameters = strategy.parameters(queue, batch_sizes, limit, rows_read)
            with worker_statement(self.worker_id):
                rows = statements.rows(strategy.statement, {**parameters, **common})
            rows.sort(key=itemgetter("position"))
            reads_on = strategy.remember(queue, rows)
        report_on_commit(Transition(row["id"], Status.QUEUED, Status.LEASED) for row in rows)
        self.more_waiting = bool(rows) and rows[0]["seen"] > len(rows)
        return [
            Claimed(
                row["id"],
                row["tenant_id"],
                row["type"],
                queue,
                row["params"],
                row["attempt"],
                row["failures"],
                row["max_retries"],
                row["timeout_seconds"],
                None if row["expires_in_seconds"] is None else time.monotonic() + row["expires_in_seconds"],
                row["runs_alone"],
            )
            for row in rows
        ]

    def _strategy(self, name: str) -> ClaimStrategy:
        if name not in self._strategies:
            self._strategies[name] = STRATEGIES[name]()
        return self._strategies[name]

    def _strategy_name(self, queue: str) -> str:
        return self._override or self._partitions.strategies[queue]
