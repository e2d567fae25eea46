"""Whether a maintenance runner has watched the database without a break, so that a lease which ran out means a death.

While PostgreSQL is frozen or away nobody can renew, and when its clock steps, leases seem older or younger than they
are. So after a gap or a step, and at the start of a runner, which has seen nothing yet, everybody who lives gets the
time to renew before anybody is thought dead.
"""

from typing import NamedTuple

GAP_SECONDS = 5.0
STEP_SECONDS = 2.0
GRACE_SECONDS = 12.0  # workers renew every 7.5


class Look(NamedTuple):
    """The database's clock, and our monotonic time before and after it was read. All in seconds."""

    asked_at: float
    clock: float
    answered_at: float


class DatabaseWatch:
    """What one runner has seen of the database, look by look."""

    def __init__(self, *, gap_seconds: float = GAP_SECONDS, grace_seconds: float = GRACE_SECONDS) -> None:
        self._gap_seconds = gap_seconds
        self._grace_seconds = grace_seconds
        self._grace_until = 0.0
        self._last: Look | None = None
        self.steps = 0  # of the database's clock

    @property
    def is_unbroken(self) -> bool:
        """Whether the latest look came after all who live have had time to renew."""
        return self._last is not None and self._last.answered_at >= self._grace_until

    def add(self, look: Look) -> None:
        last, self._last = self._last, look
        if last is None or look.answered_at - last.answered_at > self._gap_seconds:
            self._grace_until = look.answered_at + self._grace_seconds
        if last is not None and _stepped(last, look):
            self.steps += 1
            self._grace_until = look.answered_at + self._grace_seconds


def _stepped(last: Look, look: Look) -> bool:
    """Whether the clock went on by more or less than the time that can have passed between two readings of it."""
    went_on = look.clock - last.clock
    return not (
        look.asked_at - last.answered_at - STEP_SECONDS <= went_on <= look.answered_at - last.asked_at + STEP_SECONDS
    )
