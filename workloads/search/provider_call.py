"""The call of one provider: its response is taken from Redis, or asked for when its turn has come.

Whatever happens becomes a report.
"""

import logging
import time
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from queueapp.limits import rate_limiter
from queueapp.worker.context import TaskContext
from workloads.search.providers import Provider, ProviderError, ProviderResponse
from workloads.search.results import SearchQuery
from workloads.search.settings import settings
from workloads.search.single_flight import fetch_once

logger = logging.getLogger(__name__)

TURN_SECONDS = 10.0  # with the provider's 15 this must stay below single_flight.LOCK_SECONDS
POLL_INTERVAL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Report:
    """A provider's response, or why there is none. `cached`: the response was made for an earlier search."""

    name: str
    status: Literal["ok", "cached", "failed"]
    response: ProviderResponse
    error: ProviderError | None = None

    def as_dict(self) -> dict[str, Any]:
        error = str(self.error) if self.error else None
        return {"name": self.name, "status": self.status, "results": len(self.response.results), "error": error}


def call_provider(provider: Provider, query: SearchQuery, task: TaskContext, *, fresh: bool) -> Report:
    """The provider's report; its failure is part of it. With `fresh` no earlier response is taken."""
    try:
        response, cached = _respond(provider, query, task, fresh=fresh)
    except ProviderError as error:
        about = _event("search_provider_error", provider, task)
        logger.warning("provider failed: %s", error, extra={**about, "detail": error.detail})
        return Report(provider.name, "failed", ProviderResponse(results=[]), error)
    return Report(provider.name, "cached" if cached else "ok", response)


def _respond(
    provider: Provider, query: SearchQuery, task: TaskContext, *, fresh: bool
) -> tuple[ProviderResponse, bool]:
    if missing := provider.missing():
        raise ProviderError(missing, permanent=True)
    if not provider.shared:
        return _call(provider, query, task), False
    call = partial(_call_in_turn, provider, query, task)
    response, cached = fetch_once(query.key(provider.name), call, fresh=fresh, check_cancelled=task.check_cancelled)
    event = "search_cache_hit" if cached else "search_cache_miss"
    logger.info("provider answered", extra=_event(event, provider, task))
    return response, cached


def _call_in_turn(provider: Provider, query: SearchQuery, task: TaskContext) -> ProviderResponse:
    """Call the provider when its turn has come: all workers together call each only so many times a second."""
    deadline = time.monotonic() + TURN_SECONDS
    while not (turn := rate_limiter.take(f"search:{provider.name}", settings.calls_per_second, 1)).granted:
        if time.monotonic() > deadline:
            reason = f"not asked: more than {settings.calls_per_second} searches a second are waiting for it"
            raise ProviderError(reason, retry_after_seconds=TURN_SECONDS)
        task.check_cancelled()
        time.sleep(min(turn.reset_seconds, POLL_INTERVAL_SECONDS))
    return _call(provider, query, task)


def _call(provider: Provider, query: SearchQuery, task: TaskContext) -> ProviderResponse:
    logger.info("provider called", extra=_event("search_provider_called", provider, task))
    return provider.search(query)


def _event(event: str, provider: Provider, task: TaskContext) -> dict[str, str]:
    return {"event": event, "provider": provider.name, "task_id": str(task.id)}
