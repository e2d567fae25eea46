"""Figures as documents for machines: the same from the HTTP API and from commands with --json."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from queueapp.tasks import statistics
from queueapp.tasks.statistics import Figures, WorkerFigures, percentiles
from queueapp.validation import ResponseModel
from queueapp.windows import WindowName

MOST_TYPES = 200


class PercentilesDocument(ResponseModel):
    """Seconds within which half, 95 and 99 percent lie, to a factor of two; null where nothing was counted."""

    p50: float | None
    p95: float | None
    p99: float | None

    @classmethod
    def of_histogram(cls, histogram: Sequence[int] | None) -> Self:
        return cls(**percentiles(histogram)._asdict())


class FiguresDocument(ResponseModel):
    """What became of tasks in a window."""

    completed: int
    failed_tries: int = Field(description="Failures after which the task is tried again.")
    dead_lettered: int
    cancelled: int
    per_minute: float = Field(description="Attempts that ended of themselves.")
    failure_rate: float | None = Field(description="The share of those that failed.")
    retry_rate: float | None = Field(description="The share of those that failed and are tried again.")
    wait: PercentilesDocument = Field(description="From the moment a task was due to its claim.")
    run: PercentilesDocument = Field(description="In the handler.")

    @classmethod
    def of_figures(cls, figures: Figures, **members: Any) -> Self:
        wait, run = (PercentilesDocument.of_histogram(times) for times in (figures.waits, figures.runs))
        return cls.of(figures, wait=wait, run=run, **members)


class TypeFiguresDocument(FiguresDocument):
    """The same of a type in a queue."""

    queue: str
    type: str


class SpanDocument(ResponseModel):
    """How many attempts ended well, and how many failed, in one span."""

    starts_at: datetime
    completed: int
    failed: int


class WindowDocument(ResponseModel):
    """What became of tasks in a window: in all, by queue and type, and span by span."""

    window: WindowName
    span_seconds: int = Field(description="60; 3600 where the window is a day or more.")
    total: FiguresDocument
    types: list[TypeFiguresDocument] = Field(description="The 200 busiest.")
    spans: list[SpanDocument] = Field(description="The oldest first; the last runs now.")

    @classmethod
    def of_window(cls, window: WindowName, tenant_id: UUID | None = None) -> Self:
        """Needs a scope."""
        found = statistics.figures(window, tenant_id=tenant_id)
        busiest = sorted(found, key=lambda each: -each.figures.ended)[:MOST_TYPES]
        return cls(
            window=window,
            span_seconds=statistics.WINDOWS[window].span_seconds,
            total=FiguresDocument.of_figures(statistics.total(found, window)),
            types=[TypeFiguresDocument.of_figures(each.figures, queue=each.queue, type=each.type) for each in busiest],
            spans=[SpanDocument.of(span) for span in statistics.throughput(window, tenant_id=tenant_id)],
        )


class WorkerUsage(ResponseModel):
    """The attempts that ended on a worker in the last hour."""

    attempts: int
    failures: int
    run_seconds: float
    run: PercentilesDocument

    @classmethod
    def of_figures(cls, figures: WorkerFigures | None) -> Self:
        done = figures or WorkerFigures(0, 0, 0.0, None)
        return cls.of(done, run=PercentilesDocument.of_histogram(done.runs))
