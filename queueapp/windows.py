"""How far back figures look: windows of time, counted in spans that begin at multiples of their length."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from queueapp import clock

WindowName = Literal["1h", "3h", "24h", "7d"]


class Window(NamedTuple):
    """How far back to look, and the length of the spans that are counted."""

    seconds: int
    span_seconds: int

    @property
    def since(self) -> datetime:
        """The start of the span in which the window begins, all of which is in the counts."""
        back = clock.now().timestamp() - self.seconds
        return datetime.fromtimestamp(back - back % self.span_seconds, UTC)


def windows(*, short_span_seconds: int) -> Mapping[str, Window]:
    """By name: of some hours in short spans, of a day or more in hours."""
    hour = 3600
    return {
        "1h": Window(hour, short_span_seconds),
        "3h": Window(3 * hour, short_span_seconds),
        "24h": Window(24 * hour, hour),
        "7d": Window(7 * 24 * hour, hour),
    }
