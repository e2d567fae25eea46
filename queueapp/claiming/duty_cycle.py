"""Polls that can take long, e.g. over all that was done under a snapshot, get a small share of the time."""

import time
from collections.abc import Generator
from contextlib import contextmanager

SHARE = 0.05
QUICK_SECONDS = 0.02  # polls as quick as this are not limited
LONGEST_WAIT_SECONDS = 5.0  # of what only a poll can see, e.g. after one that hung while the database was frozen


class DutyCycle:
    """Says when the next poll may be: so much later than the last as keeps all of them within a twentieth.

    But no later than the longest wait.
    """

    def __init__(self) -> None:
        self._next_at = 0.0  # time.monotonic()

    @property
    def allows(self) -> bool:
        return time.monotonic() >= self._next_at

    @contextmanager
    def poll(self) -> Generator[None]:
        """Around a poll, to see how long it takes."""
        started = time.monotonic()
        yield
        self.record(time.monotonic() - started)

    def record(self, seconds: float) -> None:
        """A poll that took so long has just ended."""
        wait = min(seconds / SHARE - seconds, LONGEST_WAIT_SECONDS) if seconds > QUICK_SECONDS else 0.0
        self._next_at = time.monotonic() + wait
