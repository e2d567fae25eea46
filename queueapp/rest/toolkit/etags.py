"""Conditional requests (RFC 9110, 13): ETag, If-None-Match and If-Match.

An ETag names a version of the thing and not the bytes of an answer, so what proxies make of it when they compress,
`W/"x"` and `"x-gzip"`, names the same version.
"""

import re

from django.http import HttpRequest
from rest_framework.request import Request

from queueapp.rest.toolkit.errors import PreconditionFailed

TAG = re.compile(r'(?:W/)?"[^"]*"')
TAGS = re.compile(rf"[ ,\t]*{TAG.pattern}(?:[ \t]*,[ ,\t]*{TAG.pattern})*[ ,\t]*")
PROXY_SUFFIX = re.compile(r'(?:-|;)(?:gzip|br|deflate|zstd)"$')


def is_current(request: Request | HttpRequest, etag: str) -> bool:
    """Whether the client says that it has this version already."""
    return _names(request.headers.get("If-None-Match", ""), etag)


def check_if_match(request: Request, etag: str) -> None:
    """Raises PreconditionFailed where the client expects another version than this one."""
    wanted = request.headers.get("If-Match")
    if wanted is not None and not _names(wanted, etag):
        raise PreconditionFailed("It has changed since: read it again, and send its ETag as If-Match.")


def _names(header: str, etag: str) -> bool:
    """Whether a list of entity tags, which may hold commas themselves, or `*` names this version."""
    if header.strip() == "*":
        return True
    return TAGS.fullmatch(header) is not None and any(_plain(tag) == etag for tag in TAG.findall(header))


def _plain(tag: str) -> str:
    return PROXY_SUFFIX.sub('"', tag.removeprefix("W/"))
