"""Asking one source: from what Redis keeps, or when its turn has come; whatever happens becomes a report."""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from django.conf import settings

from queueapp import limits
from queueapp.engine.context import TaskContext
from workloads.search.flights import Kept, fetch_once
from workloads.search.hits import Hit
from workloads.search.providers import Provider, ProviderError
from workloads.search.question import Question

logger = logging.getLogger(__name__)

TURN_SECONDS = 10.0  # with the provider's 15 this must stay below flights.LOCK_SECONDS
NAP_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Report:
    """What one source had to say. `raw` only where it was asked now and is somebody else's."""

    name: str
    status: Literal["ok", "cached", "failed"]
    hits: list[Hit]
    retrieved_at: datetime
    raw: bytes | None = None
    error: ProviderError | None = None

    def as_dict(self) -> dict[str, Any]:
        error = str(self.error) if self.error else None
        return {"name": self.name, "status": self.status, "results": len(self.hits), "error": error}


def ask(provider: Provider, question: Question, task: TaskContext, *, fresh: bool) -> Report:
    """The source's answer; its failure is part of the report. With `fresh` no kept answer is taken."""
    raw: bytes | None = None

    def call() -> Kept:
        nonlocal raw
        if provider.shared:
            _await_turn(provider, task)
        logger.info("provider asked", extra=_told("search_provider_called", provider, task))
        answer = provider.search(question)
        raw = answer.raw
        return Kept(hits=answer.hits, retrieved_at=datetime.now(UTC))

    def pause(seconds: float) -> None:
        task.check_cancelled()
        time.sleep(seconds)

    try:
        if missing := provider.missing():
            raise ProviderError(missing, permanent=True)
        if provider.shared:
            kept, cached = fetch_once(question.key(provider.name), call, fresh=fresh, pause=pause)
        else:
            kept, cached = call(), False
    except ProviderError as error:
        logger.warning("provider failed: %s", error, extra=_told("search_provider_error", provider, task))
        return Report(provider.name, "failed", [], datetime.now(UTC), error=error)
    event = "search_cache_hit" if cached else "search_cache_miss"
    logger.info("provider answered", extra=_told(event, provider, task))
    return Report(provider.name, "cached" if cached else "ok", kept.hits, kept.retrieved_at, raw)


def _await_turn(provider: Provider, task: TaskContext) -> None:
    """Wait until the provider may be called again: all workers together call each only so many times a second."""
    gives_up = time.monotonic() + TURN_SECONDS
    while not (turn := limits.take(f"search:{provider.name}", settings.SEARCH_CALLS_PER_SECOND, 1)).granted:
        task.check_cancelled()
        if time.monotonic() > gives_up:
            raise ProviderError(
                f"not asked: more than {settings.SEARCH_CALLS_PER_SECOND} searches a second are waiting for it",
                retry_after_seconds=TURN_SECONDS,
            )
        time.sleep(min(turn.reset_seconds, NAP_SECONDS))


def _told(event: str, provider: Provider, task: TaskContext) -> dict[str, str]:
    return {"event": event, "provider": provider.name, "task_id": str(task.id)}
