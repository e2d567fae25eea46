"""Asking one source: from what Redis keeps, or when its turn has come. Whatever happens becomes a report."""

import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from queueapp.limits import rate_limiter
from queueapp.worker.context import TaskContext
from workloads.search.providers import Answer, Provider, ProviderError
from workloads.search.results import Question
from workloads.search.settings import settings
from workloads.search.single_flight import fetch_once

logger = logging.getLogger(__name__)

TURN_SECONDS = 10.0  # with the provider's 15 this must stay below flights.LOCK_SECONDS
NAP_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Report:
    """What one source had to say: an answer, or why there is none. `cached`: it was given to an earlier search."""

    name: str
    status: Literal["ok", "cached", "failed"]
    answer: Answer
    error: ProviderError | None = None

    def as_dict(self) -> dict[str, Any]:
        error = str(self.error) if self.error else None
        return {"name": self.name, "status": self.status, "results": len(self.answer.hits), "error": error}


def ask(provider: Provider, question: Question, task: TaskContext, *, fresh: bool) -> Report:
    """The source's answer; its failure is part of the report. With `fresh` no earlier answer is taken."""
    try:
        answer, cached = _answer(provider, question, task, fresh=fresh)
    except ProviderError as error:
        told = _told("search_provider_error", provider, task)
        logger.warning("provider failed: %s", error, extra={**told, "detail": error.detail})
        return Report(provider.name, "failed", Answer(hits=[]), error)
    return Report(provider.name, "cached" if cached else "ok", answer)


def _answer(provider: Provider, question: Question, task: TaskContext, *, fresh: bool) -> tuple[Answer, bool]:
    if missing := provider.missing():
        raise ProviderError(missing, permanent=True)
    if not provider.shared:
        return _call(provider, question, task), False
    in_turn = partial(_call_in_turn, provider, question, task)
    key = question.key(provider.name)
    answer, cached = fetch_once(key, in_turn, fresh=fresh, check_cancelled=task.check_cancelled)
    event = "search_cache_hit" if cached else "search_cache_miss"
    logger.info("provider answered", extra=_told(event, provider, task))
    return answer, cached


def _call_in_turn(provider: Provider, question: Question, task: TaskContext) -> Answer:
    """Call when the provider may be called again: all workers together call each only so many times a second."""
    gives_up = time.monotonic() + TURN_SECONDS
    while not (turn := rate_limiter.take(f"search:{provider.name}", settings.calls_per_second, 1)).granted:
        if time.monotonic() > gives_up:
            reason = f"not asked: more than {settings.calls_per_second} searches a second are waiting for it"
            raise ProviderError(reason, retry_after_seconds=TURN_SECONDS)
        task.check_cancelled()
        time.sleep(min(turn.reset_seconds, NAP_SECONDS))
    return _call(provider, question, task)


def _call(provider: Provider, question: Question, task: TaskContext) -> Answer:
    logger.info("provider called", extra=_told("search_provider_called", provider, task))
    return provider.search(question)


def _told(event: str, provider: Provider, task: TaskContext) -> dict[str, str]:
    return {"event": event, "provider": provider.name, "task_id": str(task.id)}
