"""What a worker has in hand: the set it claimed, the attempt it runs, the verdicts not settled yet.

The main thread and the watchdog share it, so every take is one step under a lock.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from queueapp.claiming import Claimed
from queueapp.tasks.settle import Kind, Verdict
from queueapp.worker.interrupts import Attempt

SOFT_FRACTION = 5 / 6  # of timeout_seconds


@dataclass(slots=True)
class Running:
    """The attempt whose handler runs now. Times are time.monotonic()."""

    task: Claimed
    started: float = field(default_factory=time.monotonic)
    progress: dict[str, object] | None = None  # what the handler told and the database does not know yet
    asked_to_stop: bool = False
    interrupted_at: float = float("-inf")

    @property
    def soft_deadline(self) -> float:
        return self.started + self.task.timeout_seconds * SOFT_FRACTION

    @property
    def hard_deadline(self) -> float:
        return self.started + self.task.timeout_seconds

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started


class Hand:
    """The set in hand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unstarted: deque[Claimed] = deque()
        self._verdicts: list[Verdict] = []
        self._first_verdict_at = 0.0
        self.running: Running | None = None

    def take_up(self, tasks: Sequence[Claimed]) -> None:
        """Start on a new set."""
        with self._lock:
            self._unstarted.extend(tasks)

    def next(self) -> Running | None:
        """The next attempt to run, marked as running; None at the end of the set."""
        with self._lock:
            self.running = Running(self._unstarted.popleft()) if self._unstarted else None
            return self.running

    def finish(self, verdict: Verdict | None) -> None:
        """Put down the running attempt; None where there is nothing left to settle."""
        with self._lock:
            self.running = None
            if verdict is None:
                return
            if not self._verdicts:
                self._first_verdict_at = time.monotonic()
            self._verdicts.append(verdict)

    def take_verdicts(self) -> list[Verdict]:
        """The verdicts to settle now; whoever takes them settles them."""
        with self._lock:
            verdicts, self._verdicts = self._verdicts, []
            return verdicts

    def put_back(self, verdicts: list[Verdict]) -> None:
        """Verdicts that could not be stored: the next to settle takes them again."""
        with self._lock:
            self._verdicts = verdicts + self._verdicts

    def shed(self) -> list[Verdict]:
        """Hand back what was not started, as verdicts of release."""
        with self._lock:
            released = [Verdict(task.id, task.attempt, Kind.RELEASED) for task in self._unstarted]
            self._unstarted.clear()
            return released

    def forget(self, lost: set[Attempt]) -> None:
        """Drop unstarted attempts that others may hold by now."""
        with self._lock:
            self._unstarted = deque(task for task in self._unstarted if (task.id, task.attempt) not in lost)

    def held(self) -> dict[Attempt, dict[str, object] | None]:
        """Every attempt whose lease must live on; to the running one's belongs its new progress, if any."""
        with self._lock:
            held: dict[Attempt, dict[str, object] | None] = {(task.id, task.attempt): None for task in self._unstarted}
            held |= {(verdict.id, verdict.attempt): None for verdict in self._verdicts}
            if self.running is not None:
                held[self.running.task.id, self.running.task.attempt] = self.running.progress
                self.running.progress = None
            return held

    @property
    def has_unstarted(self) -> bool:
        return bool(self._unstarted)

    @property
    def oldest_verdict_seconds(self) -> float:
        """How long the oldest unsettled verdict has waited; 0 where none does."""
        return time.monotonic() - self._first_verdict_at if self._verdicts else 0.0
