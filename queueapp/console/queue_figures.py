"""What the console says of a queue: its state in a word, how many slots are busy, when its backlog is gone."""

from dataclasses import dataclass

from queueapp.console.access import Access
from queueapp.models import Queue
from queueapp.states import Status
from queueapp.tasks import queries
from queueapp.tasks.pace import Pace, pace_by_queue
from queueapp.tasks.queries import QueueRow

LONG_WAIT_SECONDS = 60.0
MINUTES_SHOWN = 30

EFFECTS = {
    Queue.Strategy.FIFO: "What became ready first starts first, whatever its priority.",
    Queue.Strategy.LIFO: "What became ready last starts first; under load old tasks wait until the new ones are done.",
    Queue.Strategy.PRIORITY: "The most urgent starts first, of equals the oldest; while urgent ones come, others wait.",
    Queue.Strategy.WEIGHTED_RANDOM: "Drawn by lot, a task of priority 10 ten times as often as one of priority 1.",
    Queue.Strategy.FAIR: "Tenants take turns, so that one tenant's million tasks do not delay another's first.",
}


@dataclass(frozen=True, slots=True)
class State:
    """A word for it, and the colour of its badge."""

    word: str
    colour: str


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """A queue at a glance, and how fast it was lately."""

    row: QueueRow
    pace: Pace

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def state(self) -> State:
        if self.row.paused_at is not None:
            return State("paused", "warn")
        if not self.row.live_workers:
            return State("no worker", "bad" if self.waiting else "cancelled")
        return State("busy", "busy") if self.waiting or self.running else State("quiet", "good")

    @property
    def waiting(self) -> int:
        return self.row.counts.get(Status.QUEUED, 0)

    @property
    def running(self) -> int:
        return self.row.counts.get(Status.LEASED, 0)

    @property
    def retrying(self) -> int:
        return self.row.counts.get(Status.FAILED, 0)

    @property
    def dead(self) -> int:
        return self.row.counts.get(Status.DEAD_LETTER, 0)

    @property
    def waits_long(self) -> bool:
        return (self.row.oldest_wait_seconds or 0.0) > LONG_WAIT_SECONDS

    @property
    def needs_a_look(self) -> bool:
        return bool(self.waits_long or self.row.paused_at or (self.waiting and not self.row.live_workers))

    @property
    def drain_seconds(self) -> float | None:
        """How long until what waits now has run; None where nothing waits, or nobody can tell."""
        if not self.waiting or self.row.paused_at is not None or not self.row.live_workers:
            return None
        return self.pace.seconds_for(self.waiting)

    @property
    def strategy_effect(self) -> str:
        return EFFECTS[Queue.Strategy(self.row.strategy)]

    @property
    def strategy_words(self) -> str:
        return Queue.Strategy(self.row.strategy).label

    @property
    def counts(self) -> list[tuple[Status, int]]:
        return [(status, self.row.counts.get(status, 0)) for status in Status]

    @property
    def pace_in_words(self) -> str:
        ended, failed = sum(self.pace.ended), sum(self.pace.failed)
        return f"{ended} tries ended in the last hour, {failed} of them failed"

    @property
    def recent_ended(self) -> list[int]:
        """Empty where nothing ended."""
        if not any(self.pace.ended[-MINUTES_SHOWN:]):
            return []
        return self.pace.ended[-MINUTES_SHOWN:]

    @property
    def recent_failed(self) -> list[int]:
        return self.pace.failed[-MINUTES_SHOWN:]


def queue_figures(access: Access) -> list[QueueFigures]:
    """All queues by name; a tenant's are those that hold tasks of its own, with its own counts and waits.

    Call it outside any scope, or in that of the platform: for a tenant it looks at what serves all.
    """
    if access.is_platform or access.tenant_id is None:
        with access.open():
            rows = queries.queue_rows()
    else:
        rows = queries.queue_rows_of_tenant(access.tenant_id)
    with access.open():
        paces = pace_by_queue()
    return [QueueFigures(row, paces.get(row.name, Pace())) for row in rows]
