"""Refusals on pages: a security event, and Django's view, which shows the template of our project."""

from django.http import HttpRequest, HttpResponse
from django.views import csrf, defaults

from queueapp.console import page_events


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403 of the site."""
    page_events.record(request, "forbidden")
    return defaults.permission_denied(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The setting CSRF_FAILURE_VIEW."""
    page_events.record(request, "csrf_failed", reason=reason[:200])
    return csrf.csrf_failure(request, reason)
