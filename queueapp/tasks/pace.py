"""How fast queues are worked off: the tries that ended in the last hour, and how long a backlog takes at that rate."""

from dataclasses import dataclass, field

from queueapp.db import statements

MINUTES = 60
RATE_MINUTES = 5


def _an_hour() -> list[int]:
    return [0] * MINUTES


@dataclass(frozen=True, slots=True)
class Pace:
    """Tries that ended in each minute of the last hour, and of them those that failed; the last minute is not over."""

    ended: list[int] = field(default_factory=_an_hour)
    failed: list[int] = field(default_factory=_an_hour)

    @property
    def per_second(self) -> float:
        """Over the last five full minutes, from the first of them in which anything ended."""
        minutes = self.ended[-1 - RATE_MINUTES : -1]
        worked = minutes[next((place for place, count in enumerate(minutes) if count), len(minutes)) :]
        return sum(worked) / (60 * len(worked)) if worked else 0.0

    def seconds_for(self, tasks: int) -> float | None:
        """About how long so many tasks take at the present rate; None where nothing was done lately."""
        return tasks / self.per_second if self.per_second else None


def pace_by_queue() -> dict[str, Pace]:
    """Of the queues in which tries ended, those of the tenants that the current scope may see."""
    paces: dict[str, Pace] = {}
    for row in statements.rows("pace_rows", {"minutes": MINUTES}):
        pace = paces.setdefault(row["queue"], Pace())
        pace.ended[-1 - row["minutes_ago"]] = row["ended"]
        pace.failed[-1 - row["minutes_ago"]] = row["failed"]
    return paces
