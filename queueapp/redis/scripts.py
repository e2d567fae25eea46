"""Lua scripts in Redis, each one atomic step, run over a connection that each thread keeps for them."""

import hashlib
import threading
from typing import Any

import redis
from redis.exceptions import NoScriptError

from queueapp.redis.connections import DedicatedConnection


class Script:
    """A script about one key. It must bear to be run twice: when the connection breaks, it is sent once more."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def run(self, key: str, *arguments: int | str) -> Any:
        """What the script answers. Raises RedisError."""
        try:
            return _ask("EVALSHA", self._digest, 1, key, *arguments)
        except NoScriptError:  # the first time, and after a restart of Redis
            return _ask("EVAL", self._text, 1, key, *arguments)


class _ThreadConnections(threading.local):
    """Each thread's own connection."""

    def __init__(self) -> None:
        self.own = DedicatedConnection()


_connections = _ThreadConnections()


def _ask(*command: int | str) -> Any:
    """Raises RedisError."""
    try:
        return _exchange(command)
    except redis.ConnectionError:  # closed since the last time, as by a restart of Redis
        return _exchange(command)


def _exchange(command: tuple[int | str, ...]) -> Any:
    with _connections.own.open() as connection:
        connection.send_command(*command, check_health=False)
        return connection.read_response()
