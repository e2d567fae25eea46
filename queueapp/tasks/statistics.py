"""Figures of a window of time, from kept statistics: how many attempts ended how, and how long they waited and ran."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from queueapp.db import statements
from queueapp.histograms import BUCKETS, percentile
from queueapp.states import Status
from queueapp.windows import windows

WINDOWS = windows(short_span_seconds=60)
NOTHING = (0,) * BUCKETS
COUNTED: dict[str, str] = {  # the status that tasks moved to, and what Figures calls their number
    Status.COMPLETED: "completed",
    Status.FAILED: "failed_tries",
    Status.DEAD_LETTER: "dead_lettered",
    Status.CANCELLED: "cancelled",
}


class Percentiles(NamedTuple):
    """Seconds within which half, 95 and 99 percent lie, to a factor of two; None where nothing was counted."""

    p50: float | None
    p95: float | None
    p99: float | None


def percentiles(histogram: Sequence[int] | None) -> Percentiles:
    return Percentiles(*(percentile(histogram, q) for q in (0.5, 0.95, 0.99)))


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of tasks in a window of so many seconds. `waits` and `runs` are histograms."""

    seconds: float
    completed: int = 0
    failed_tries: int = 0  # to be tried again
    dead_lettered: int = 0
    cancelled: int = 0
    waits: Sequence[int] = NOTHING
    runs: Sequence[int] = NOTHING

    @property
    def ended(self) -> int:
        """Attempts that ended of themselves."""
        return self.completed + self.failed_tries + self.dead_lettered

    @property
    def per_minute(self) -> float:
        return self.ended * 60 / self.seconds

    @property
    def failure_rate(self) -> float | None:
        """The share of those that failed, whether or not they are tried again."""
        return (self.failed_tries + self.dead_lettered) / self.ended if self.ended else None

    @property
    def retry_rate(self) -> float | None:
        """The share of those that failed and are tried again."""
        return self.failed_tries / self.ended if self.ended else None

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.seconds,
            self.completed + other.completed,
            self.failed_tries + other.failed_tries,
            self.dead_lettered + other.dead_lettered,
            self.cancelled + other.cancelled,
            [one + more for one, more in zip(self.waits, other.waits, strict=True)],
            [one + more for one, more in zip(self.runs, other.runs, strict=True)],
        )


class TypeFigures(NamedTuple):
    """Those of a type in a queue."""

    queue: str
    type: str
    figures: Figures


class Span(NamedTuple):
    """How many attempts ended well, and how many failed, in a span of the window."""

    starts_at: datetime
    completed: int
    failed: int


def figures(window: str, *, tenant_id: UUID | None = None) -> list[TypeFigures]:
    """By queue and type, in a window of WINDOWS; of a tenant, or of all that the scope shows."""
    back = WINDOWS[window]
    wanted = {"span_seconds": back.span_seconds, "since": back.since, "tenant_id": tenant_id}
    found: dict[tuple[str, str], Figures] = {}
    for row in statements.rows("figures", wanted):
        key, status = (row["queue"], row["type"]), row["to_status"]
        members: dict[str, Any] = {COUNTED[status]: row["moves"]} if status in COUNTED else {}
        members["waits" if status == Status.LEASED else "runs"] = row["times"] or NOTHING
        found[key] = found.get(key, Figures(back.seconds)) + Figures(back.seconds, **members)
    return [TypeFigures(queue, type, of_type) for (queue, type), of_type in found.items()]


def total(found: Sequence[TypeFigures], window: str) -> Figures:
    """Of all of them together."""
    return sum((each.figures for each in found), Figures(WINDOWS[window].seconds))


def throughput(
    window: str, *, tenant_id: UUID | None = None, queue: str | None = None, type: str | None = None
) -> list[Span]:
    """A span for each minute of the window, of a day or more for each hour; the oldest first, the last runs now."""
    back = WINDOWS[window]
    wanted = {"span_seconds": back.span_seconds, "since": back.since, "tenant_id": tenant_id}
    rows = statements.rows("throughput", {**wanted, "queue": queue, "type": type})
    counted = {row["starts_at"]: (row["completed"], row["failed"]) for row in rows}
    starts = [back.since + timedelta(seconds=offset) for offset in range(0, back.seconds + 1, back.span_seconds)]
    return [Span(start, *counted.get(start, (0, 0))) for start in starts]


class WorkerFigures(NamedTuple):
    """What a worker did in the last hour; `runs` is a histogram."""

    attempts: int
    failures: int
    run_seconds: float
    runs: Sequence[int] | None


def worker_figures(ids: Sequence[UUID]) -> dict[UUID, WorkerFigures]:
    """Of these workers, by id; those that did nothing are missing. Needs an operator's scope."""
    rows = statements.rows("worker_figures", {"ids": list(ids)})
    return {row.pop("worker_id"): WorkerFigures(**row) for row in rows}
