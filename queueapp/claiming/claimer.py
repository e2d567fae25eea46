"""The claimer of one worker process: which queue next, in which order, from which mark, and how many."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from queueapp import sql
from queueapp.claiming.kinds import Capabilities, KindTable, Lane
from queueapp.claiming.pace import LARGEST_SET, Pace
from queueapp.models import Queue
from queueapp.tenancy import worker_scope, worker_statement

LEASE_SECONDS = 30
# Under a snapshot a look from the start walks over all that was done since: a twentieth of the time may go into that.
LOOK_BACK_SHARE = 0.05
QUICK_LOOK_SECONDS = 0.005  # looks as quick as this need not be rationed

# Statement of each strategy. fifo is priority with all priorities ranked alike.
STATEMENTS = {
    Queue.Strategy.FIFO: "claim_in_order",
    Queue.Strategy.PRIORITY: "claim_in_order",
    Queue.Strategy.LIFO: "claim_newest",
    Queue.Strategy.WEIGHTED_RANDOM: "claim_weighted",
    Queue.Strategy.FAIR: "claim_fair",
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

    Marks remember where the head of each lane was, so that a claim does not walk over the dead index entries that
    a long snapshot keeps there. Transactions commit out of order, so all marks are forgotten once a second and
    whenever nothing was found; less often where looking from the start takes long.
    """

    def __init__(self, worker_id: UUID, capabilities: Capabilities, strategy: str | None = None) -> None:
        self.worker_id = worker_id
        self.pace = Pace()
        self.more_waiting = False  # whether the last claim saw more than it took
        self._strategy = strategy  # overrides the queues' own
        self._kinds = KindTable(capabilities)
        self._queues = list(capabilities.queues)
        self._marks: dict[tuple[int, int], int] = {}
        self._may_look_back_at = 0.0  # time.monotonic()
        self._last_tenant: UUID = UUID(int=0)

    def claim(self) -> list[Claimed]:
        """Lease the next set, from the queues in turn. Empty when nothing is ready for this worker."""
        if self._kinds.is_stale:
            self._refresh()
            self._look_back()
        claimed = self._claim_from_any()
        # before giving up: the bell may have rung for the first task of its kind
        if not claimed and self._refresh():
            claimed = self._claim_from_any()
        return claimed

    def _refresh(self) -> bool:
        with worker_scope(self.worker_id):
            return self._kinds.refresh()

    def _claim_from_any(self) -> list[Claimed]:
        for _ in range(len(self._queues)):
            queue = self._queues.pop(0)
            self._queues.append(queue)
            if queue not in self._kinds.strategies:
                continue  # paused, or not made yet
            lanes = self._kinds.lanes.get(queue, [])
            claimed = self._claim_from(queue, lanes) if lanes else []
            if claimed:
                return claimed
        return []

    def _claim_from(self, queue: str, lanes: list[Lane]) -> list[Claimed]:
        strategy = self._strategy or self._kinds.strategies[queue]
        rows = self._run(strategy, lanes)
        if not rows and self._marks and self._look_back():
            rows = self._run(strategy, lanes)
        self._remember(rows)
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

    def _run(self, strategy: str, lanes: list[Lane]) -> list[dict[str, Any]]:
        sizes = [self.pace.set_size(lane.handler.type) if lane.handler.batch else 1 for lane in lanes]
        most = min(LARGEST_SET, max(sizes))
        parameters = {
            "kinds": [lane.kind_id for lane in lanes],
            "set_sizes": sizes,
            "mark_kinds": [kind for kind, _ in self._marks],
            "mark_priorities": [priority for _, priority in self._marks],
            "marks": list(self._marks.values()),
            "by_priority": strategy == Queue.Strategy.PRIORITY,
            "last_tenant": self._last_tenant,
            "most": most,
            # other claimers hold locks at the head, so look past them
            "reach": most * 4,
            "worker_id": self.worker_id,
            "lease_seconds": LEASE_SECONDS,
        }
        started, from_the_start = time.monotonic(), not self._marks
        with worker_statement(self.worker_id):
            rows = sql.rows(STATEMENTS[Queue.Strategy(strategy)], parameters)
        if from_the_start:
            took = time.monotonic() - started
            self._may_look_back_at = started + took * (took > QUICK_LOOK_SECONDS) / LOOK_BACK_SHARE
        return sorted(rows, key=lambda row: row["position"])

    def _look_back(self) -> bool:
        """Forget all marks, so that the next look is from the start. False where looks have taken too much time."""
        if time.monotonic() < self._may_look_back_at:
            return False
        self._marks.clear()
        return True

    def _remember(self, rows: list[dict[str, Any]]) -> None:
        """Move each lane's mark to just before the first of the set: what lies before it is taken or locked."""
        seen: dict[tuple[int, int], int] = {}
        for row in rows:
            lane = (row["kind_id"], row["priority"])
            seen[lane] = min(seen.get(lane, row["ready_seq"]), row["ready_seq"])
        for lane, first in seen.items():
            self._marks[lane] = first - 1
        if rows:
            self._last_tenant = rows[-1]["tenant_id"]
