"""Submitting tasks of the families at addresses of their own."""

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.rest.openapi.operations import Describer
from queueapp.rest.openapi.schemas import with_options
from queueapp.rest.openapi.tasks import ACCEPTED, SUBMITTING
from queueapp.rest.typed import TypedView
from workloads.fetch.params import FetchParams
from workloads.search.params import BatchParams, SearchParams

families = Describer("Task families")
families(
    "POST",
    "/fetch",
    "Fetch a web page",
    {202: ACCEPTED},
    details="A task of type `fetch`: its result names the artifact `fetch_text`, the readable text below what is known "
    "of it. Refused with `invalid_url`, `fetch_domain_not_allowed` or `fetch_address_not_allowed`.",
    body=with_options(FetchParams),
    headers=SUBMITTING,
    errors=(409, 422),
    example={"url": "https://example.com/"},
)
families(
    "POST",
    "/search",
    "Search several sources",
    {202: ACCEPTED},
    details="A task of type `search`: its result names the artifact `search_results`, the merged list. Refused with "
    "`search_source_not_allowed` or `search_source_not_configured`.",
    body=with_options(SearchParams),
    headers=SUBMITTING,
    errors=(409, 422),
    example={"query": "open source task runner", "sources": ["library"], "recency_days": 7},
)
families(
    "POST",
    "/search/batch",
    "Search for several queries",
    {202: ACCEPTED},
    details="A task of type `search.batch`: its result names the artifact `search_batch_results`, a list for each "
    "query. Refused as a search is, and with `batch_size_exceeded`.",
    body=with_options(BatchParams),
    headers=SUBMITTING,
    errors=(409, 422),
    example={"queries": ["deep sea", "high mountains"], "sources": ["library"]},
)


class Fetch(TypedView):
    """POST /fetch: fetch a web page."""

    def post(self, request: Request) -> Response:
        return self.submit(request, "fetch")


class Search(TypedView):
    """POST /search: one query."""

    def post(self, request: Request) -> Response:
        return self.submit(request, "search")


class SearchBatch(TypedView):
    """POST /search/batch: several."""

    def post(self, request: Request) -> Response:
        return self.submit(request, "search.batch")


urlpatterns = [
    path("fetch", Fetch.as_view()),
    path("search", Search.as_view()),
    path("search/batch", SearchBatch.as_view()),
]
