"""The body of a request as its Content-Length announced it: the end of the stream is not the end of the message."""

from typing import IO

from django.http import HttpRequest

TAIL_BYTES = 1_024


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
