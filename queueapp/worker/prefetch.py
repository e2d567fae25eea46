"""The prefetch buffer: the batch that a worker claimed, the attempts that run, the outcomes not settled yet.

The main thread, the event loop and the watchdog share it, so every change is one step under a lock.
"""

import threading
import time
from collections import deque
from collections.abc import Collection, Iterable

from queueapp.redaction import masked
from queueapp.tasks.attempt import Attempt, AttemptKey
from queueapp.tasks.settle import Outcome, OutcomeKind


class PrefetchBuffer:
    """An attempt passes through it: loaded, started, finished, and its outcome taken to be settled."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unstarted: deque[Attempt] = deque()
        self._outcomes: list[Outcome] = []
        self._first_outcome_at = 0.0
        self._last_prefetches = True
        self.running: Attempt | None = None  # in the main thread
        self.concurrent: dict[AttemptKey, Attempt] = {}  # those that run on the event loop

    def load(self, batch: Iterable[Attempt]) -> None:
        """Add a batch."""
        with self._lock:
            self._unstarted.extend(batch)

    def start_concurrent(self) -> list[Attempt]:
        """All of the batch that run on the event loop, as running from now on; not those that are to run alone."""
        if not any(attempt.handler.is_async for attempt in self._unstarted):
            return []
        with self._lock:
            started: list[Attempt] = []
            kept = deque[Attempt]()
            for attempt in self._unstarted:
                starts = attempt.handler.is_async and not attempt.task.runs_alone
                (started if starts else kept).append(attempt)
            self._unstarted = kept
            for attempt in started:
                self._start(attempt)
            return started

    def start_next(self) -> Attempt | None:
        """The next attempt, as running from now on; None at the end of the batch."""
        with self._lock:
            if not self._unstarted:
                return None
            attempt = self._unstarted.popleft()
            self._start(attempt)
            return attempt

    def _start(self, attempt: Attempt) -> None:
        attempt.started = time.monotonic()
        if attempt.handler.is_async:
            self.concurrent[attempt.key] = attempt
        else:
            self.running = attempt

    def finish(self, outcome: Outcome | None) -> None:
        """End the attempt that the main thread runs; None where there is nothing left to settle."""
        with self._lock:
            if self.running is not None:
                self._last_prefetches = self.running.handler.prefetch
            self.running = None
            self._keep(outcome)

    def finish_concurrent(self, attempt: Attempt, outcome: Outcome | None) -> None:
        """As finish, of an attempt on the event loop."""
        with self._lock:
            del self.concurrent[attempt.key]
            self._keep(outcome)

    def _keep(self, outcome: Outcome | None) -> None:
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

    def started(self) -> list[Attempt]:
        """Every attempt that runs."""
        with self._lock:
            return [*([self.running] if self.running is not None else ()), *self.concurrent.values()]

    def held(self) -> dict[AttemptKey, dict[str, object] | None]:
        """Every attempt whose lease must live on; with those that run their new progress, if any."""
        with self._lock:
            held: dict[AttemptKey, dict[str, object] | None] = {attempt.key: None for attempt in self._unstarted}
            held |= {(outcome.id, outcome.attempt): None for outcome in self._outcomes}
            if self.running is not None:
                held[self.running.key] = _take_progress(self.running)
            for attempt in self.concurrent.values():
                held[attempt.key] = _take_progress(attempt)
            return held

    @property
    def next_runs_alone(self) -> bool:
        return bool(self._unstarted) and self._unstarted[0].task.runs_alone

    @property
    def has_unstarted(self) -> bool:
        return bool(self._unstarted)

    @property
    def settles_before_next(self) -> bool:
        """Whether what has ended must be stored before the next attempt starts: one of both is no tiny task."""
        with self._lock:
            return bool(self._unstarted) and not (self._last_prefetches and self._unstarted[0].handler.prefetch)

    @property
    def oldest_outcome_seconds(self) -> float:
        """How long the oldest unsettled outcome has waited; 0 where none does."""
        return time.monotonic() - self._first_outcome_at if self._outcomes else 0.0


def _take_progress(attempt: Attempt) -> dict[str, object] | None:
    progress, attempt.progress = attempt.progress, None
    return masked(progress, attempt.secrets) if progress else None
