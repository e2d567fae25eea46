"""Conditional requests (RFC 9110, 13): ETag, If-None-Match and If-Match.

An ETag names a version of the thing and not the bytes of an answer, so what proxies make of it when they compress,
`W/"x"` and `"x-gzip"`, names the same version.
"""

import re

from django.http import HttpRequest
from rest_framework.request import Request

from queueapp.rest.toolkit.errors import PreconditionFailed

CONDITIONS = ("If-Match", "If-None-Match")
TAG = re.compile(r'(?:W/)?"[^"]*"')
TAGS = re.compile(rf"[ ,\t]*{TAG.pattern}(?:[ \t]*,[ ,\t]*{TAG.pattern})*[ ,\t]*")
PROXY_SUFFIX = re.compile(r'(?:-|;)(?:gzip|br|deflate|zstd)"$')


def is_current(request: Request | HttpRequest, etag: str) -> bool:
    """Whether the client says that it has this version already."""
    return names(request.headers.get("If-None-Match", ""), etag)


def is_conditional(request: Request) -> bool:
    """Whether a change is to be made only of certain versions."""
    return any(header in request.headers for header in CONDITIONS)


def check_preconditions(request: Request | HttpRequest, etag: str | None) -> None:
    """For a method that changes something. None stands for what is there and has no versions.

    Raises PreconditionFailed where the client expects another version than this one, or none.
    """
    wanted = request.headers.get("If-Match")
    if wanted is not None and not names(wanted, etag):
        raise PreconditionFailed("It is not at a version of If-Match: read it again, and send the ETag that it has.")
    if names(request.headers.get("If-None-Match", ""), etag):
        raise PreconditionFailed("It is there, at a version that If-None-Match excludes (`*` excludes any).")


def names(header: str, etag: str | None) -> bool:
    """Whether a list of entity tags, which may hold commas themselves, or `*` names this version."""
    return header.strip() == "*" or etag in tags_of(header)


def tags_of(header: str) -> list[str]:
    """The entity tags of a list as we gave them out; none where it is no such list."""
    return [_plain(tag) for tag in TAG.findall(header)] if TAGS.fullmatch(header) else []


def _plain(tag: str) -> str:
    return PROXY_SUFFIX.sub('"', tag.removeprefix("W/"))
