"""Lets pages of the origins in CORS_ALLOWED_ORIGINS, by default none, call the API with a key of their own."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from queueapp import conf
from queueapp.rest.toolkit.mount import is_api

METHODS = "GET, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer"
RESPONSE_HEADERS = (
    "ETag, Idempotent-Replayed, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"
)
PREFLIGHT_SECONDS = "600"


class CorsMiddleware:
    """Answers preflights, and marks the answers that a page may read. Cookies are never allowed along."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        origin = request.headers.get("Origin")
        if origin not in conf.settings.cors_allowed_origins or not is_api(request):
            return self.get_response(request)
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            response = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = METHODS
            response["Access-Control-Allow-Headers"] = REQUEST_HEADERS
            response["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
        else:
            response = self.get_response(request)
            response["Access-Control-Expose-Headers"] = RESPONSE_HEADERS
        response["Access-Control-Allow-Origin"] = origin
        patch_vary_headers(response, ["Origin"])
        return response
