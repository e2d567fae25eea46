"""What a worker has in hand: the set it claimed, the attempt it runs, the outcomes not settled yet.

The main thread and the watchdog share it, so every take is one step under a lock.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from queueapp.claiming import Claimed
from queueapp.tasks.settle import Outcome, OutcomeKind
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


class PrefetchBuffer:
    """The set in hand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unstarted: deque[Claimed] = deque()
        self._outcomes: list[Outcome] = []
        self._first_outcome_at = 0.0
        self.running: Running | None = None

    def load(self, tasks: Sequence[Claimed]) -> None:
        """Start on a new set."""
        with self._lock:
            self._unstarted.extend(tasks)

    def next(self) -> Running | None:
        """The next attempt to run, marked as running; None at the end of the set."""
        with self._lock:
            self.running = Running(self._unstarted.popleft()) if self._unstarted else None
            return self.running

    def finish(self, outcome: Outcome | None) -> None:
        """Put down the running attempt; None where there is nothing left to settle."""
        with self._lock:
            self.running = None
            if outcome is None:
                return
            if not self._outcomes:
                self._first_outcome_at = time.monotonic()
            self._outcomes.append(outcome)

    def take_outcomes(self) -> list[Outcome]:
        """The outcomes to settle now; whoever takes them settles them."""
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
            return outcomes

    def requeue(self, outcomes: list[Outcome]) -> None:
        """Outcomes that could not be stored: the next to settle takes them again."""
        with self._lock:
            self._outcomes = outcomes + self._outcomes

    def release_unstarted(self) -> list[Outcome]:
        """PrefetchBuffer back what was not started, as outcomes of release."""
        with self._lock:
            released = [Outcome(task.id, task.attempt, OutcomeKind.RELEASED) for task in self._unstarted]
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
            held |= {(outcome.id, outcome.attempt): None for outcome in self._outcomes}
            if self.running is not None:
                held[self.running.task.id, self.running.task.attempt] = self.running.progress
                self.running.progress = None
            return held

    @property
    def has_unstarted(self) -> bool:
        return bool(self._unstarted)

    @property
    def oldest_outcome_seconds(self) -> float:
        """How long the oldest unsettled outcome has waited; 0 where none does."""
        return time.monotonic() - self._first_outcome_at if self._outcomes else 0.0
