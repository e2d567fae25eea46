"""Submitting tasks of the families at addresses of their own."""

from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.api.views.typed import TypedView


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
