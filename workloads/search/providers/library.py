"""The library: the pages that the tenant has fetched, by PostgreSQL's full-text search. No network, no key."""

from datetime import timedelta
from typing import Any

from django.contrib.postgres.search import SearchHeadline, SearchRank
from django.contrib.postgres.search import SearchQuery as TextQuery
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Left

from queueapp import clock
from queueapp.tenancy import tenant_scope
from workloads.fetch.models import SEARCH_CONFIGURATION, SEARCHED_CHARACTERS, FetchedPage
from workloads.search.providers.base import ProviderResponse
from workloads.search.results import SearchQuery, make_result

# Of more pages than these, the function that finds them keeps the best by its own, simpler ranking.
CANDIDATES = 1_000
BY_LENGTH = 1  # of ts_rank_cd: a long page must say more


class Library:
    """Its recency is that of the fetch: a page fetched yesterday is recent, whenever it was written."""

    name = "library"
    shared = False  # every tenant has its own

    def missing(self) -> str | None:
        return None

    def search(self, query: SearchQuery) -> ProviderResponse:
        """Words, "phrases", OR and -exclusions, as in web searches. Needs a bound tenant."""
        with tenant_scope():
            pages = list(_matching(query)[: query.count])
        results = [
            make_result(page["title"] or page["url"], page["url"], page["snippet"], page["published_at"])
            for page in pages
        ]
        return ProviderResponse(results=[result for result in results if result])


def _matching(query: SearchQuery) -> QuerySet[FetchedPage, Any]:
    text_query = TextQuery(query.text, search_type="websearch", config=SEARCH_CONFIGURATION)
    found = RawSQL(
        "SELECT id FROM taskrunner_match_fetched_pages(websearch_to_tsquery(%s, %s), %s)",
        [SEARCH_CONFIGURATION, query.text, CANDIDATES],
    )
    pages = FetchedPage.objects.filter(id__in=found)
    if query.recency_days:
        pages = pages.filter(fetched_at__gte=clock.now() - timedelta(days=query.recency_days))
    snippet = SearchHeadline(
        Left("text", SEARCHED_CHARACTERS),
        text_query,
        config=SEARCH_CONFIGURATION,
        start_sel="",
        stop_sel="",
        max_fragments=2,
        fragment_delimiter=" … ",
    )
    rank = SearchRank(F("search"), text_query, cover_density=True, normalization=Value(BY_LENGTH))
    return (
        pages.annotate(rank=rank, snippet=snippet)
        .order_by("-rank", "-fetched_at", "id")
        .values("title", "url", "published_at", "snippet")
    )
