"""Jobs of each pass that scan no further back than needed."""

import time
from abc import ABC, abstractmethod

from queueapp.claiming.duty_cycle import DutyCycle
from queueapp.hooks import JobResult
from queueapp.maintenance.continuity import DatabaseWatch

EVER = float("-inf")
EVER_SECONDS = 1e9
MARGIN_SECONDS = 2.0  # a pass looks back beyond the last complete one, for what was committed late


class RecentRows(ABC):
    """A job whose passes look back to the last complete one, and from time to time at everything.

    Under a snapshot that somebody holds, an index keeps an entry of every task that passed, and a scan from the
    very start would walk over all of them each second. So while passes of such scans take long, they are rationed.
    A pass after a step of the database's clock looks at everything: what "lately" means has changed.
    """

    batch = 1_000  # rows

    def __init__(self) -> None:
        self.watch = DatabaseWatch()  # the runner gives its own
        self._steps_known = 0
        self._duty_cycle = DutyCycle()  # of passes from the very start
        self._complete_at = EVER  # when the last complete pass began, by time.monotonic()
        self._started_at: float | None = None  # the pass that is under way, and how far it looks back
        self._since = EVER
        self._seconds = 0.0

    def __call__(self) -> JobResult:
        """One batch of a pass. The pass ends with the first batch that is not full."""
        started = time.monotonic()
        if self._started_at is None:
            self._started_at, self._seconds = started, 0.0
            self._since = EVER if self._duty_cycle.allows or self._clock_stepped() else self._complete_at
        rows = self.run_batch(EVER_SECONDS if self._since == EVER else started - self._since + MARGIN_SECONDS)
        self._seconds += time.monotonic() - started
        if rows >= self.batch:
            return JobResult(rows, more=True)
        if self._since == EVER:
            self._duty_cycle.record(self._seconds)
        self._complete_at, self._started_at = self._started_at, None
        return JobResult(rows)

    def _clock_stepped(self) -> bool:
        """Whether it has since the last time this was asked."""
        known, self._steps_known = self._steps_known, self.watch.steps
        return known != self.watch.steps

    @abstractmethod
    def run_batch(self, seconds_back: float) -> int:
        """Do at most `batch` rows of these last seconds; returns how many."""
