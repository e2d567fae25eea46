"""The body of a request as it was announced: in UTF-8, and as long as its Content-Length.

The end of the stream is not the end of the message.
"""

from typing import IO

from django.http import HttpRequest
from django.utils.http import parse_header_parameters

from queueapp.errors import FieldError
from queueapp.rest.toolkit.errors import InvalidRequest, LengthRequired, UnsupportedBody

TAIL_BYTES = 1_024
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class WholeBody:
    """Wraps the stream of a request. A read that meets the end of the stream too early raises, and stores nothing."""

    def __init__(self, stream: IO[bytes], announced: int) -> None:
        self._stream = stream
        self._left = announced
        self.tail = b""  # the last bytes read

    def read(self, size: int = -1, /) -> bytes:
        """Raises ConnectionAbortedError, which Django turns into UnreadablePostError."""
        read = self._take(size)
        while self._left > 0 and (size < 0 or len(read) < size):
            more = self._take(-1 if size < 0 else size - len(read))
            if not more:
                raise ConnectionAbortedError(f"{self._left} bytes of the body are missing")
            read += more
        return read

    def readline(self, size: int = -1, /) -> bytes:
        """As Django exhausts a form whose end it has not found. Raises ConnectionAbortedError."""
        return self._note(self._stream.readline(size)) or self.read(1)

    def _take(self, size: int) -> bytes:
        return self._note(self._stream.read(size))

    def _note(self, piece: bytes) -> bytes:
        self._left -= len(piece)
        self.tail = (self.tail + piece[-TAIL_BYTES:])[-TAIL_BYTES:]
        return piece


def check_announcement(request: HttpRequest) -> None:
    """Refuse what would be read in another way than it was sent, be it a body or, by Django, a query string.

    Raises UnsupportedBody, LengthRequired, InvalidRequest.
    """
    charset = parse_header_parameters(request.META.get("CONTENT_TYPE", ""))[1].get("charset", "utf-8")
    if charset.lower() not in UTF_8:
        raise UnsupportedBody(f"Send text in UTF-8, and not in the charset {charset!r:.60} that Content-Type names.")
    coding = request.META.get("HTTP_TRANSFER_ENCODING", "").strip().lower()
    if coding == "chunked" and not request.META.get("CONTENT_LENGTH"):
        raise LengthRequired("Send a Content-Length: chunked bodies are not read.")
    if coding:
        message = "must not be sent: a body is as long as its Content-Length says"
        raise InvalidRequest(
            f"Transfer-Encoding {message}.", errors=[FieldError("Transfer-Encoding", "not_taken", message)]
        )


def expect_whole_body(request: HttpRequest) -> None:
    """Have whatever reads this request's body notice that it was cut off.

    Django reads through this attribute, under WSGI and ASGI alike.
    """
    stream = getattr(request, "_stream", None)
    if stream is not None:
        request._stream = WholeBody(stream, _announced(request))  # type: ignore[assignment]


def tail_of(request: HttpRequest) -> bytes:
    """The last bytes that were read of a body."""
    return getattr(getattr(request, "_stream", None), "tail", b"")


def _announced(request: HttpRequest) -> int:
    try:
        return max(0, int(request.META.get("CONTENT_LENGTH") or 0))
    except ValueError:
        return 0  # as Django reads it
