"""Brave Search: GET web/search with a subscription token."""

from html import unescape
from typing import Any

from workloads.search.providers.base import ProviderResponse
from workloads.search.providers.http import get_json
from workloads.search.results import Result, SearchQuery, make_result
from workloads.search.settings import settings

FRESHNESS = ((1, "pd"), (7, "pw"), (31, "pm"))


class Brave:
    """https://api-dashboard.search.brave.com/api-reference/web/search/get"""

    name = "brave"
    shared = True

    def missing(self) -> str | None:
        return None if settings.brave_api_key else "BRAVE_API_KEY is not set"

    def search(self, query: SearchQuery) -> ProviderResponse:
        """Raises ProviderError."""
        parameters = {
            "q": query.text,
            "count": str(query.count),
            "text_decorations": "false",
            "result_filter": "web",
        }
        if query.recency_days:
            parameters["freshness"] = next((code for days, code in FRESHNESS if query.recency_days <= days), "py")
        token = {"X-Subscription-Token": settings.brave_api_key.get_secret_value()}
        found, raw = get_json(str(settings.brave_api_url), parameters, token)
        web = found.get("web")
        items = web.get("results") if isinstance(web, dict) else None
        results = [_result(item) for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        return ProviderResponse(results=[result for result in results if result][: query.count], raw=raw)


def _result(item: dict[str, Any]) -> Result | None:
    return make_result(
        _plain(item.get("title")), item.get("url"), _plain(item.get("description")), item.get("page_age")
    )


def _plain(value: Any) -> Any:
    """Titles and descriptions come as text of HTML, `&#x27;` and all."""
    return unescape(value) if isinstance(value, str) else value
