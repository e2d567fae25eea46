"""Where the API is: wherever the project's urls.py includes queueapp.rest.urls, in whatever namespaces."""

from collections.abc import Iterable
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, get_urlconf, reverse
from django.utils.encoding import escape_uri_path
from rest_framework.request import Request

APP_NAME = "taskrunner"  # of queueapp.rest.urls


def api_root(request: Request) -> str:
    """What the address of this request begins with before its own route, e.g. `/api/v1`."""
    route: str = request.parser_context["view"].route
    return escape_uri_path(request.path).rsplit("/", route.count("/") + 1)[0]


def mounted_at() -> str | None:
    """The path that the API is mounted at, e.g. `/api/v1`; None where it is not, or at one with parameters."""
    namespace = _namespace(get_urlconf() or settings.ROOT_URLCONF)
    try:
        return None if namespace is None else reverse(f"{namespace}:tasks").removesuffix("/tasks")
    except NoReverseMatch:
        return None


def is_api(request: HttpRequest) -> bool:
    """Whether the address is below the API's, be there something or not."""
    root = mounted_at()
    return root is not None and f"{escape_uri_path(request.path)}/".startswith(f"{root}/")


@cache
def _namespace(urlconf: str) -> str | None:
    """The namespace of the API with those around it, e.g. `jobs:taskrunner`. None where it is not included."""
    return _find(get_resolver(urlconf).url_patterns)


def _find(patterns: Iterable[URLPattern | URLResolver], *around: str) -> str | None:
    for each in patterns:
        if isinstance(each, URLResolver):
            namespaces = (*around, each.namespace) if each.namespace else around
            if each.app_name == APP_NAME:
                return ":".join(namespaces)
            if found := _find(each.url_patterns, *namespaces):
                return found
    return None
