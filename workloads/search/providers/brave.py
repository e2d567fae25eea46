"""Brave Search: GET web/search with a subscription token."""

from html import unescape
from typing import Any

from workloads.search.providers.base import Answer
from workloads.search.providers.http import get_json
from workloads.search.results import Hit, Question, hit_of
from workloads.search.settings import settings

FRESHNESS = ((1, "pd"), (7, "pw"), (31, "pm"))


class Brave:
    """https://api-dashboard.search.brave.com/api-reference/web/search/get"""

    name = "brave"
    shared = True

    def missing(self) -> str | None:
        return None if settings.brave_api_key else "BRAVE_API_KEY is not set"

    def search(self, question: Question) -> Answer:
        """Raises ProviderError."""
        parameters = {
            "q": question.query,
            "count": str(question.count),
            "text_decorations": "false",
            "result_filter": "web",
        }
        if question.recency_days:
            parameters["freshness"] = next((code for days, code in FRESHNESS if question.recency_days <= days), "py")
        token = {"X-Subscription-Token": settings.brave_api_key.get_secret_value()}
        found, raw = get_json(str(settings.brave_api_url), parameters, token)
        web = found.get("web")
        items = web.get("results") if isinstance(web, dict) else None
        hits = [_hit(item) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        return Answer(hits=[hit for hit in hits if hit][: question.count], raw=raw)


def _hit(item: dict[str, Any]) -> Hit | None:
    return hit_of(_plain(item.get("title")), item.get("url"), _plain(item.get("description")), item.get("page_age"))


def _plain(value: Any) -> Any:
    """Titles and descriptions come as text of HTML, `&#x27;` and all."""
    return unescape(value) if isinstance(value, str) else value
