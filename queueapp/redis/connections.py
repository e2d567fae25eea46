"""Connections to Redis and the names of our keys. Every call ends in time: a black-holed Redis holds nothing up."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis

from queueapp import conf

CONNECT_SECONDS, READ_SECONDS = 0.2, 1.0

_clients: dict[str, redis.Redis] = {}


def redis_client() -> redis.Redis:
    """One client a process."""
    url = conf.settings.redis_url
    # where two threads come first, one's client is dropped unused; a dropped one closes connections under others
    return _clients.get(url) or _clients.setdefault(url, new_client())


def new_client() -> redis.Redis:
    """A client of one's own, for a thread that keeps its connection in use."""
    return redis.Redis.from_url(
        conf.settings.redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=READ_SECONDS
    )


def redis_key(*parts: str) -> str:
    """The name of a key or channel; two installations on one server differ in their prefix."""
    return ":".join((conf.settings.prefix, *parts))


class DedicatedConnection:
    """A connection for one purpose, without redis-py's client around it: that takes longer than the command itself.

    Opened when first used, and again after it broke.
    """

    def __init__(self, *greeting: str) -> None:
        self._greeting = greeting  # a command to send first
        self._connection: Any = None  # redis-py types no method of it
        self._opened_for = (0, "")

    @contextmanager
    def open(self) -> Iterator[Any]:
        """The connection, for one thread at a time; whatever is raised closes it. Raises RedisError."""
        here = (os.getpid(), conf.settings.redis_url)  # a forked process must not write into its parent's connection
        if self._connection is None or self._opened_for != here:
            self._connection, self._opened_for = redis_client().connection_pool.make_connection(), here
        try:
            if not self._connection.is_connected:
                self._connection.connect()
                if self._greeting:
                    self._connection.send_command(*self._greeting)
            yield self._connection
        except BaseException:  # an answer may still be on its way, so the conversation cannot go on
            self._connection.disconnect()
            raise
