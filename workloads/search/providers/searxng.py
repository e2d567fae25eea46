"""SearXNG, a metasearch engine that one runs oneself: GET /search?format=json, no key."""

from workloads.search.providers.base import ProviderResponse
from workloads.search.providers.http import get_json
from workloads.search.results import SearchQuery, make_result
from workloads.search.settings import settings

TIME_RANGES = ((1, "day"), (7, "week"), (31, "month"), (366, "year"))


class Searxng:
    """https://docs.searxng.org/dev/search_api.html; the server must list `json` among its search.formats."""

    name = "searxng"
    shared = True

    def missing(self) -> str | None:
        return None if settings.searxng_url else "SEARXNG_URL is not set"

    def search(self, query: SearchQuery) -> ProviderResponse:
        """Raises ProviderError."""
        server = str(settings.searxng_url).rstrip("/")
        parameters = {"q": query.text, "format": "json"}
        ranges = [name for days, name in TIME_RANGES if 0 < query.recency_days <= days]
        if ranges:
            parameters["time_range"] = ranges[0]
        found, raw = get_json(f"{server}/search", parameters, {})
        items = found.get("results")
        results = [
            make_result(item.get("title"), item.get("url"), item.get("content"), item.get("publishedDate"))
            for item in (items if isinstance(items, list) else [])
            if isinstance(item, dict)
        ]
        return ProviderResponse(results=[result for result in results if result][: query.count], raw=raw)
