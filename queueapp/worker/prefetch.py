"""The prefetch buffer: the batch that a worker claimed, the attempt that runs, the outcomes not settled yet.

The main thread and the watchdog share it, so every change is one step under a lock.
"""

import threading
import time
from collections import deque
from collections.abc import Collection, Iterable

from queueapp.tasks.attempt import Attempt, AttemptKey
from queueapp.tasks.settle import Outcome, OutcomeKind


class PrefetchBuffer:
    """An attempt passes through it: loaded, started, finished, and its outcome taken to be settled."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unstarted: deque[Attempt] = deque()
        self._outcomes: list[Outcome] = []
        self._first_outcome_at = 0.0
        self.running: Attempt | None = None

    def load(self, batch: Iterable[Attempt]) -> None:
        """Add a batch."""
        with self._lock:
            self._unstarted.extend(batch)

    def start_next(self) -> Attempt | None:
        """The next attempt, as running from now on; None at the end of the batch."""
        with self._lock:
            if not self._unstarted:
                return None
            attempt = self._unstarted.popleft()
            attempt.started = time.monotonic()
            self.running = attempt
            return attempt

    def finish(self, outcome: Outcome | None) -> None:
        """End the running attempt; None where there is nothing left to settle."""
        with self._lock:
            self.running = None
            if outcome is None:
                return
            if not self._outcomes:
                self._first_outcome_at = time.monotonic()
            self._outcomes.append(outcome)

    def take_outcomes(self) -> list[Outcome]:
        """The outcomes to settle now; the caller settles them, or requeues them."""
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
            return outcomes

    def requeue(self, outcomes: list[Outcome]) -> None:
        """Put back outcomes that could not be stored: the next caller takes them again."""
        with self._lock:
            self._outcomes = outcomes + self._outcomes

    def release_unstarted(self, queues: Collection[str] | None = None) -> list[Outcome]:
        """Give up what was not started, of these queues or of all; returns the outcomes that release it."""
        with self._lock:
            kept = [] if queues is None else [item for item in self._unstarted if item.task.queue not in queues]
            released = {item.key for item in self._unstarted} - {item.key for item in kept}
            self._unstarted = deque(kept)
            return [Outcome(*key, OutcomeKind.RELEASED) for key in sorted(released)]

    def forget(self, lost: set[AttemptKey]) -> None:
        """Drop unstarted attempts that others may hold by now."""
        with self._lock:
            self._unstarted = deque(attempt for attempt in self._unstarted if attempt.key not in lost)

    def held(self) -> dict[AttemptKey, dict[str, object] | None]:
        """Every attempt whose lease must live on; with the running one its new progress, if any."""
        with self._lock:
            held: dict[AttemptKey, dict[str, object] | None] = {attempt.key: None for attempt in self._unstarted}
            held |= {(outcome.id, outcome.attempt): None for outcome in self._outcomes}
            if self.running is not None:
                held[self.running.key] = self.running.progress
                self.running.progress = None
            return held

    @property
    def has_unstarted(self) -> bool:
        return bool(self._unstarted)

    @property
    def oldest_outcome_seconds(self) -> float:
        """How long the oldest unsettled outcome has waited; 0 where none does."""
        return time.monotonic() - self._first_outcome_at if self._outcomes else 0.0
