"""Middleware: what pages may load, and the operator's scope that those of the admin run in."""

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from queueapp.tenancy import operator_scope

# nothing inline, nothing from elsewhere
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
PAGES_OF_OPERATORS = ("/admin/",)


class ContentSecurityPolicyMiddleware:
    """Every answer says what it may load; one that has said so itself keeps its word. Django brings this with 6.0."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response


class OperatorScopeMiddleware:
    """Opens operator_scope() around admin requests of signed-in staff, rendering included.

    Rendering, because list columns are evaluated after the view has returned.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not (request.path.startswith(PAGES_OF_OPERATORS) and request.user.is_staff):
            return self.get_response(request)
        with operator_scope(f"operator:{request.user.get_username()}"):
            response = self.get_response(request)
            if response.status_code >= 500:  # the exception has become a page by now: undo its half-done work
                transaction.set_rollback(True)
            return response
