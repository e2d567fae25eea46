"""How replies of Redis are read: whatever comes is a reply, or a RedisError, which every caller expects anyway.

redis-py trusts its server. A length that is no number, an array nested a thousand times, an error that says MOVED and
not where to: each raises something else in it, and a reply without an end is read without an end.
"""

import time
from typing import Any

import redis
from redis._parsers import _RESP2Parser  # the one of `parser_class` that redis-py has for Python

MAX_REPLY_BYTES = 4 * 2**20
REPLY_SECONDS = 2.0  # from its first byte to its last, however it drips


class UnexpectedReply(redis.RedisError):
    """Redis, or whoever answered in its place, said something that the command has no such answer to."""


class _BoundedSocket:
    """A socket as redis-py's buffer uses it, that gives out so much and for so long."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self.begin_reply()

    def begin_reply(self) -> None:
        self._left_bytes = MAX_REPLY_BYTES
        self._ends_at = time.monotonic() + REPLY_SECONDS

    def recv(self, most: int) -> bytes:
        if self._left_bytes <= 0:
            raise UnexpectedReply(f"a reply of more than {MAX_REPLY_BYTES} bytes")
        if time.monotonic() > self._ends_at:
            raise TimeoutError
        data: bytes = self._socket.recv(most)
        self._left_bytes -= len(data)
        return data

    def settimeout(self, seconds: float | None) -> None:
        self._socket.settimeout(seconds)


class BoundedParser(_RESP2Parser):
    """redis-py's reader of RESP2. What else it raises than RedisError is an UnexpectedReply."""

    def on_connect(self, connection: Any) -> None:
        super().on_connect(connection)  # type: ignore[no-untyped-call]
        self._bounded = _BoundedSocket(connection._sock)
        buffer: Any = self._buffer
        buffer._sock = self._bounded

    def can_read(self, *arguments: Any, **options: Any) -> bool:
        self._bounded.begin_reply()
        return bool(super().can_read(*arguments, **options))

    def read_response(self, *arguments: Any, **options: Any) -> Any:
        self._bounded.begin_reply()
        try:
            return super().read_response(*arguments, **options)
        except (redis.RedisError, OSError):
            raise
        except Exception as error:
            raise UnexpectedReply(f"a reply that cannot be read: {error!r:.200}") from error
