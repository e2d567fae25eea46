"""The claimer of one worker process: which queue next, in which order, and how many."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from queueapp.claiming.batch_size import LARGEST_SET, Pace
from queueapp.claiming.duty_cycle import Ration
from queueapp.claiming.partitions import Capabilities, KindTable, Lane
from queueapp.claiming.strategies import ByTurns, NewestFirst, OldestFirst, Order
from queueapp.claiming.watermarks import Horizon
from queueapp.db import statements
from queueapp.models import Queue
from queueapp.tenancy import worker_scope, worker_statement

LEASE_SECONDS = 30
# Other claimers hold locks at the head, so a claim looks past them: at so many times the tasks it wants (and some), and
# much further where it found none, because others have been quicker.
REACH, WIDE_REACH, LEAST_REACH = 4, 32, 20

Strategy = Queue.Strategy
ORDERS: dict[str, Callable[[], Order]] = {
    # fifo is priority with all priorities ranked alike
    Strategy.FIFO: partial(OldestFirst, "claim_in_order"),
    Strategy.PRIORITY: partial(OldestFirst, "claim_in_order"),
    Strategy.LIFO: NewestFirst,
    Strategy.WEIGHTED_RANDOM: partial(OldestFirst, "claim_weighted"),
    Strategy.FAIR: ByTurns,
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
    timeout_seconds: int


class Claimer:
    """Claims sets of tasks for one worker.

    Once a second, and whenever nothing was found, it looks where each lane begins: transactions commit out of order,
    so a task may turn up before those that were claimed already.
    """

    def __init__(self, worker_id: UUID, capabilities: Capabilities, strategy: str | None = None) -> None:
        self.worker_id = worker_id
        self.pace = Pace()
        self.more_waiting = False  # whether the last claim saw more than it took
        self._strategy = strategy  # overrides the queues' own
        self._kinds = KindTable(capabilities)
        self._queues = list(capabilities.queues)
        self.forget()

    def forget(self) -> None:
        """Know nothing any more of where lanes begin: after its connection broke, the database may be another one."""
        self._horizon = Horizon()
        self._orders: dict[tuple[str, str], Order] = {}
        self._ration = Ration()

    def claim(self) -> list[Claimed]:
        """Lease the next set, from the queues in turn. Empty when nothing is ready for this worker."""
        if due := self._kinds.is_stale:
            self._look()
        claimed = self._claim_from_any(REACH) or self._claim_from_any(WIDE_REACH)
        if claimed or due:
            return claimed
        self._look()
        return self._claim_from_any(WIDE_REACH)

    def _look(self) -> None:
        """See which queues and kinds there are, and where their lanes begin."""
        with worker_scope(self.worker_id):
            self._kinds.refresh()
            if not self._ration.allows:
                return
            with self._ration.look():
                self._horizon.look()
                for queue, lanes in self._kinds.open_lanes():
                    self._order_of(queue).look([lane.kind_id for lane in lanes], self._horizon)

    def _claim_from_any(self, reach: int) -> list[Claimed]:
        open_lanes = dict(self._kinds.open_lanes())
        for _ in range(len(self._queues)):
            queue = self._queues.pop(0)
            self._queues.append(queue)
            if queue in open_lanes and (claimed := self._claim_from(queue, open_lanes[queue], reach)):
                return claimed
        return []

    def _claim_from(self, queue: str, lanes: list[Lane], reach: int) -> list[Claimed]:
        order = self._order_of(queue)
        set_sizes = {lane.kind_id: self.pace.set_size(lane.handler.type) if lane.handler.batch else 1 for lane in lanes}
        most = min(LARGEST_SET, max(set_sizes.values()))
        rows_read = max(LEAST_REACH, most * reach)
        parameters = {
            **order.parameters(set_sizes, most, rows_read),
            "by_priority": self._strategy_of(queue) == Strategy.PRIORITY,
            "most": most,
            "reach": rows_read,
            "worker_id": self.worker_id,
            "lease_seconds": LEASE_SECONDS,
        }
        with worker_statement(self.worker_id):
            rows = sorted(statements.rows(order.statement, parameters), key=lambda row: row["position"])
        order.remember(rows)
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
                row["timeout_seconds"],
            )
            for row in rows
        ]

    def _order_of(self, queue: str) -> Order:
        strategy = self._strategy_of(queue)
        if (queue, strategy) not in self._orders:
            self._orders[queue, strategy] = ORDERS[strategy]()
        return self._orders[queue, strategy]

    def _strategy_of(self, queue: str) -> str:
        return self._strategy or self._kinds.strategies[queue]
