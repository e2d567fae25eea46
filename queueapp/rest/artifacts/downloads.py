"""Handing an artifact out: in pieces, as a file to save and never as a page to show."""

import logging
import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from queueapp.artifacts import object_store
from queueapp.artifacts.upload_buffer import PIECE_BYTES
from queueapp.errors import StoreUnavailable
from queueapp.models import Artifact
from queueapp.rest.toolkit.endpoints import ResponseSpec
from queueapp.rest.toolkit.errors import Gone, RangeNotSatisfiable
from queueapp.rest.toolkit.etags import is_current

logger = logging.getLogger(__name__)

# Served as what they are; of anything else a browser is told only that it is bytes.
HARMLESS = re.compile(
    r"(?:application/(?:json|x-ndjson|zip|gzip|vnd\.[a-z0-9.+-]+)|text/(?:plain|csv|markdown)"
    r"|image/(?:png|jpeg|gif|webp)|audio/[a-z0-9.+-]+|video/[a-z0-9.+-]+)(?:;|$)",
    re.I,
)
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
UNSAFE = re.compile(r"[^\w .,()+@=~-]")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
    "Accept-Ranges": "bytes",
}

FILE_HEADERS = ("Content-Disposition", "ETag")
BYTES = "application/octet-stream"
DOWNLOADED = {
    200: ResponseSpec("The bytes, as a file to save.", None, FILE_HEADERS, BYTES),
    206: ResponseSpec("The range that was asked for.", None, (*FILE_HEADERS, "Content-Range"), BYTES),
    304: ResponseSpec("As you have it.", None, ("ETag",)),
}


@dataclass(frozen=True, slots=True)
class Span:
    """From which byte on, to before which other one; `asked_for` where it answers a Range."""

    start: int
    end: int
    asked_for: bool = False

    @property
    def size(self) -> int:
        return self.end - self.start


def etag_of(artifact: Artifact) -> str:
    return f'"{artifact.sha256}"'


def download(request: HttpRequest, artifact: Artifact) -> HttpResponseBase:
    """The artifact, or the range of it that was asked for. Holds no database connection while bytes move.

    Raises Gone where the store has lost it, RangeNotSatisfiable, StoreUnavailable.
    """
    etag = etag_of(artifact)
    harmless = HARMLESS.match(artifact.content_type)
    headers = {
        **HEADERS,
        "ETag": etag,
        "Content-Disposition": _disposition(artifact),
        "Content-Type": artifact.content_type if harmless else "application/octet-stream",
    }
    if is_current(request, etag):
        return HttpResponse(status=304, headers=headers)
    span = _span(request, artifact.size_bytes, etag)
    headers["Content-Length"] = str(span.size)
    if span.asked_for:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{artifact.size_bytes}"
    status = 206 if span.asked_for else 200
    logger.info("artifact fetched", extra={"event": "artifact_fetch_requested", "artifact_id": str(artifact.id)})
    _release_connection()
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(Pieces(artifact, span), status=status, headers=headers)


class Pieces:
    """An iterator over a span of an object, which Django closes however the answer ends."""

    def __init__(self, artifact: Artifact, span: Span) -> None:
        """Reads the first piece at once, while there still is a status to tell of a failure."""
        self._artifact = artifact
        self._left = span.size
        try:
            self._file = object_store.open_object(artifact.object_key)
            if span.start:
                self._file.seek(span.start)
            self._next = self._read()
        except FileNotFoundError:
            _log_failure(artifact, "its object is missing")
            raise Gone("The object of this artifact is missing from the store; its row is all that is left.") from None
        except OSError as error:
            raise StoreUnavailable(error) from error

    def __iter__(self) -> Iterator[bytes]:
        """Too late for another status: what goes wrong here cuts the answer short of its Content-Length."""
        _release_connection()
        while piece := self._next:
            yield piece
            self._left -= len(piece)
            try:
                self._next = self._read()
            except OSError as error:
                _log_failure(self._artifact, str(error))
                raise
        if self._left:
            _log_failure(self._artifact, f"its object is {self._left} bytes short")

    def close(self) -> None:
        self._file.close()

    def _read(self) -> bytes:
        return bytes(self._file.read(min(PIECE_BYTES, self._left)))


def _release_connection() -> None:
    """An operator's page is still in its transaction while it is made, and lets go when its bytes are sent."""
    if not connection.in_atomic_block:
        connections.close_all()


def _log_failure(artifact: Artifact, reason: str) -> None:
    details = {"artifact_id": str(artifact.id), "reason": reason}
    logger.error("artifact not fetched", extra={"event": "artifact_fetch_failed", **details})


def _span(request: HttpRequest, size: int, etag: str) -> Span:
    """More than one range, or a range of another version, is answered with all of it."""
    asked = RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if asked is None or not any(asked.groups()) or request.headers.get("If-Range", etag) != etag:
        return Span(0, size)
    first, last = asked.groups()
    start, end = (int(first), int(last) + 1 if last else size) if first else (max(0, size - int(last)), size)
    if last and first and int(last) < int(first):
        return Span(0, size)  # not a range at all
    if start >= size or end <= start:
        raise RangeNotSatisfiable(f"The artifact has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
    return Span(start, min(end, size), asked_for=True)


def _disposition(artifact: Artifact) -> str:
    """RFC 6266: a plain name for old readers, the exact one in UTF-8 beside it."""
    named = artifact.metadata.get("filename")
    base = artifact.content_type.split(";")[0]
    name = named if isinstance(named, str) else f"{artifact.type}-{artifact.id}{mimetypes.guess_extension(base) or ''}"
    safe = UNSAFE.sub("_", name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]).strip(". ")[:150] or "artifact"
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"
