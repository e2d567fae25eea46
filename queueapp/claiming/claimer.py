"""The claimer of one worker process: which queue next, in which order, and how many."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from queueapp.claiming.batch_size import LARGEST_BATCH, BatchSizes
from queueapp.claiming.duty_cycle import DutyCycle
from queueapp.claiming.partitions import Capabilities, ClaimablePartition, PartitionTable, list_new_partitions
from queueapp.claiming.strategies import ClaimStrategy, Fifo, Lifo, RoundRobin
from queueapp.claiming.watermarks import CommitHorizon
from queueapp.db import statements
from queueapp.models import Queue
from queueapp.observers import Transition, report_on_commit
from queueapp.states import Status
from queueapp.tenancy import worker_scope, worker_statement

LEASE_SECONDS = 30
# Other claimers hold locks at the head, so a claim looks past them: at so many times the tasks it wants (and some), and
# much further where it found none, because others have been quicker.
SCAN_LIMIT, WIDE_SCAN_LIMIT, LEAST_SCAN_LIMIT = 4, 32, 20

Strategy = Queue.Strategy
STRATEGIES: dict[str, Callable[[], ClaimStrategy]] = {
    # fifo is priority with all priorities ranked alike
    Strategy.FIFO: partial(Fifo, "claim_fifo"),
    Strategy.PRIORITY: partial(Fifo, "claim_fifo"),
    Strategy.LIFO: Lifo,
    Strategy.WEIGHTED_RANDOM: partial(Fifo, "claim_weighted_random"),
    Strategy.FAIR: RoundRobin,
}


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


class Claimer:
    """Claims batches of tasks for one worker.

    Once a second, and whenever nothing was found, it polls where each sub-queue begins: transactions commit
    out of order, so a task may turn up before those that were claimed already.
    """

    def __init__(self, worker_id: UUID, capabilities: Capabilities, strategy: str | None = None) -> None:
        self.worker_id = worker_id
        self.batch_sizes = BatchSizes()
        self.more_waiting = False  # whether the last claim saw more than it took
        self._strategy = strategy  # overrides the queues' own
        self._partitions = PartitionTable(capabilities)
        self._queues = list(capabilities.queues)
        self.forget()

    def forget(self) -> None:
        """Start over: after its connection broke, the database may be another one."""
        self._horizon = CommitHorizon()
        self._strategies: dict[tuple[str, str], ClaimStrategy] = {}
        self._duty_cycle = DutyCycle()

    def claim(self) -> list[Claimed]:
        """Lease the next batch, from the queues in turn. Empty when nothing is ready for this worker."""
        if due := self._partitions.is_stale:
            self._poll()
        claimed = self._claim_from_any(SCAN_LIMIT) or self._claim_from_any(WIDE_SCAN_LIMIT)
        if claimed or due:
            return claimed
        self._poll()
        return self._claim_from_any(WIDE_SCAN_LIMIT)

    def _poll(self) -> None:
        """See which queues and partitions there are, and where their sub-queues begin."""
        if not self._duty_cycle.allows:
            with worker_scope(self.worker_id):
                self._partitions.refresh()
            return
        with self._duty_cycle.poll():
            list_new_partitions(self.worker_id)
            with worker_scope(self.worker_id):
                self._read()

    def _read(self) -> None:
        self._partitions.refresh()
        self._horizon.poll()
        for queue, partitions in self._partitions.open_partitions():
            ids = [partition.partition_id for partition in partitions]
            self._strategy_of(queue).poll(ids, self._horizon)

    def _claim_from_any(self, scan_limit: int) -> list[Claimed]:
        open_partitions = dict(self._partitions.open_partitions())
        for _ in range(len(self._queues)):
            queue = self._queues.pop(0)
            self._queues.append(queue)
            if queue in open_partitions and (claimed := self._claim_from(queue, open_partitions[queue], scan_limit)):
                return claimed
        return []

    def _claim_from(self, queue: str, partitions: list[ClaimablePartition], scan_limit: int) -> list[Claimed]:
        strategy = self._strategy_of(queue)
        batch_sizes = {
            partition.partition_id: self.batch_sizes.size_for(partition.handler.type)
            if partition.handler.prefetch
            else 1
            for partition in partitions
        }
        limit = min(LARGEST_BATCH, max(batch_sizes.values()))
        rows_read = max(LEAST_SCAN_LIMIT, limit * scan_limit)
        parameters = {
            **strategy.parameters(batch_sizes, limit, rows_read),
            "by_priority": self._strategy_name(queue) == Strategy.PRIORITY,
            "limit": limit,
            "scan_limit": rows_read,
            "worker_id": self.worker_id,
            "lease_seconds": LEASE_SECONDS,
        }
        with worker_statement(self.worker_id):
            rows = sorted(statements.rows(strategy.statement, parameters), key=lambda row: row["position"])
        report_on_commit(Transition(row["id"], Status.QUEUED, Status.LEASED) for row in rows)
        strategy.remember(rows)
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
            )
            for row in rows
        ]

    def _strategy_of(self, queue: str) -> ClaimStrategy:
        name = self._strategy_name(queue)
        if (queue, name) not in self._strategies:
            self._strategies[queue, name] = STRATEGIES[name]()
        return self._strategies[queue, name]

    def _strategy_name(self, queue: str) -> str:
        return self._strategy or self._partitions.strategies[queue]
