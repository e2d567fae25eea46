"""Conditional requests: ETag, If-None-Match and If-Match."""

from django.http import HttpRequest
from rest_framework.request import Request

from queueapp.rest.toolkit.errors import PreconditionFailed


def is_current(request: Request | HttpRequest, etag: str) -> bool:
    """Whether the client says that it has this version already."""
    return _names(request.headers.get("If-None-Match", ""), etag)


def check_if_match(request: Request, etag: str) -> None:
    """Raises PreconditionFailed where the client expects another version than this one."""
    wanted = request.headers.get("If-Match")
    if wanted is not None and not _names(wanted, etag):
        raise PreconditionFailed("It has changed since: read it again, and send its ETag as If-Match.")


def _names(header: str, etag: str) -> bool:
    return any(tag.strip().removeprefix("W/") in ("*", etag) for tag in header.split(","))
