"""Lua scripts in Redis, each one atomic step, run over a connection that each thread keeps for them."""

import hashlib
import threading
from typing import Any, Generic, TypeVar

import redis
from pydantic import TypeAdapter
from redis.exceptions import NoScriptError

from queueapp.redis.connections import DedicatedConnection
from queueapp.redis.replies import expect

T = TypeVar("T")


class Script(Generic[T]):
    """A script about one key, and what it may answer.

    It must bear to be run twice: when the connection breaks, it is sent once more.
    """

    def __init__(self, text: str, answer: TypeAdapter[T]) -> None:
        self._text = text
        self._answer = answer
        self._digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def run(self, key: str, *arguments: int | str) -> T:
        """What the script answers. Raises RedisError."""
        try:
            reply = _ask("EVALSHA", self._digest, 1, key, *arguments)
        except NoScriptError:  # the first time, and after a restart of Redis
            reply = _ask("EVAL", self._text, 1, key, *arguments)
        return expect(self._answer, reply)


class _ThreadConnections(threading.local):
    """Each thread's own connection."""

    def __init__(self) -> None:
        self.own = DedicatedConnection()


_connections = _ThreadConnections()


def _ask(*command: int | str) -> Any:
    """Raises RedisError."""
    try:
        return _connections.own.ask(*command)
    except redis.ConnectionError:  # closed since the last time, as by a restart of Redis
        return _connections.own.ask(*command)
