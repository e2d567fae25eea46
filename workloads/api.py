"""Submitting tasks of the families at addresses of their own."""

from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.rest.openapi.schemas import with_options
from queueapp.rest.submission import TypedView, submission_endpoint
from queueapp.rest.toolkit.endpoints import resource, urlpatterns_of
from workloads.fetch.params import FetchParams
from workloads.search.params import BatchParams, SearchParams


@resource("fetch", tag="Task families")
class Fetch(TypedView):
    @submission_endpoint(
        "Fetch a web page",
        details="A task of type `fetch`: its result names the artifact `fetch_text`, the readable text below what is "
        "known of it. Refused with `invalid_url`, `fetch_domain_not_allowed` or `fetch_address_not_allowed`.",
        body=with_options(FetchParams),
        example={"url": "https://example.com/"},
    )
    def post(self, request: Request) -> Response:
        return self.submit(request, "fetch")


@resource("search", tag="Task families")
class Search(TypedView):
    @submission_endpoint(
        "Search several sources",
        details="A task of type `search`: its result names the artifact `search_results`, the merged list. Refused "
        "with `search_source_not_allowed` or `search_source_not_configured`.",
        body=with_options(SearchParams),
        example={"query": "open source task runner", "sources": ["library"], "recency_days": 7},
    )
    def post(self, request: Request) -> Response:
        return self.submit(request, "search")


@resource("search/batch", tag="Task families")
class SearchBatch(TypedView):
    @submission_endpoint(
        "Search for several queries",
        details="A task of type `search.batch`: its result names the artifact `search_batch_results`, a list for each "
        "query. Refused as a search is, and with `batch_size_exceeded`.",
        body=with_options(BatchParams),
        example={"queries": ["deep sea", "high mountains"], "sources": ["library"]},
    )
    def post(self, request: Request) -> Response:
        return self.submit(request, "search.batch")


urlpatterns = urlpatterns_of(__name__)
