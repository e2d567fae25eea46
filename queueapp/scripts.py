"""Lua scripts in Redis, each one atomic step, asked over a connection that each thread keeps for them.

redis-py's client looks for a free connection, and whether it still lives, before every command: that takes as long as
the script itself.
"""

import hashlib
import os
import threading
from typing import Any

import redis
from django.conf import settings
from redis.exceptions import NoScriptError

from queueapp import doorbell


class Script:
    """A script about one key. It must bear to be run twice: when the connection breaks, it is sent once more."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def run(self, key: str, *arguments: int | str) -> Any:
        """What the script answers. Raises RedisError."""
        try:
            return _kept.ask("EVALSHA", self._digest, 1, key, *arguments)
        except NoScriptError:  # the first time, and after a restart of Redis
            return _kept.ask("EVAL", self._text, 1, key, *arguments)


class KeptConnection(threading.local):
    """This thread's connection."""

    def __init__(self) -> None:
        self._connection: Any = None  # redis-py types no method of it
        self._opened_for = (0, "")

    def ask(self, *command: int | str) -> Any:
        """Raises RedisError."""
        here = (os.getpid(), settings.REDIS_URL)  # a forked process must not use its parent's connection
        if self._opened_for != here:
            self._connection, self._opened_for = doorbell.client().connection_pool.make_connection(), here
        try:
            return self._exchange(command)
        except redis.ConnectionError:  # closed since the last time, as by a restart of Redis
            return self._exchange(command)

    def _exchange(self, command: tuple[int | str, ...]) -> Any:
        # it connects where it is not connected, and is left disconnected by any failure
        self._connection.send_command(*command, check_health=False)
        return self._connection.read_response()


_kept = KeptConnection()
