"""Connections to Redis and the names of our keys. Every call ends in time, with a reply or a RedisError."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import redis
from pydantic import TypeAdapter

from queueapp import conf
from queueapp.redis.bounded_parser import BoundedParser, UnexpectedReply
from queueapp.redis.replies import expect

CONNECT_SECONDS, READ_SECONDS = 0.2, 1.0
PROBE_KEPT_SECONDS = 60


class Client(redis.Redis):
    """redis-py's client, whose commands raise nothing but RedisError for what Redis says."""

    def parse_response(self, connection: Any, command_name: Any, **options: Any) -> Any:
        try:
            return super().parse_response(connection, command_name, **options)  # type: ignore[no-untyped-call]
        except (redis.RedisError, OSError):
            raise
        except Exception as error:  # of what makes an answer out of a reply
            raise UnexpectedReply(f"a reply that answers no {command_name}: {error!r:.200}") from error


WAS_SET = TypeAdapter(Literal[b"OK"] | None)  # None where NX forbade it


_clients: dict[str, Client] = {}


def redis_client() -> Client:
    """One client a process."""
    url = conf.settings.redis_url
    # where two threads come first, one's client is dropped unused; a dropped one closes connections under others
    return _clients.get(url) or _clients.setdefault(url, _new_client(url))


def _new_client(url: str) -> Client:
    pool = redis.ConnectionPool.from_url(
        url,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=READ_SECONDS,
        protocol=2,  # all that we need, and less that could be said
        parser_class=BoundedParser,
    )
    client = Client(connection_pool=pool)
    client.set_response_callback("SET", lambda reply, **_: expect(WAS_SET, reply) is not None)
    return client


def try_to_write() -> None:
    """Raises RedisError where Redis is away or takes no writes: a full one and a replica answer a ping all the same."""
    if not redis_client().set(redis_key("health"), b"", ex=PROBE_KEPT_SECONDS):
        raise UnexpectedReply("it did not take what it was given")


def failure_event(error: redis.RedisError) -> str:
    """The event by which an error of Redis is logged: it was not reached, or it was and something went wrong."""
    unreached = isinstance(error, redis.ConnectionError | redis.TimeoutError)
    return "redis_connect_failed" if unreached else "redis_error"


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

    def ask(self, *command: int | float | str) -> Any:
        """The reply to a command, for one thread at a time. Raises RedisError."""
        with self.open() as connection:
            if connection.can_read():  # or it would be taken for the reply to this command
                raise redis.ConnectionError("Redis said something that nobody asked for")
            connection.send_command(*command, check_health=False)
            return connection.read_response()

    @contextmanager
    def open(self) -> Iterator[Any]:
        """The connection, for one thread at a time; whatever is raised closes it. Raises RedisError."""
        here = (os.getpid(), conf.settings.redis_url)  # a forked process must not write into its parent's connection
        if self._connection is None or self._opened_for != here:
            pool = redis_client().connection_pool
            # not the pool's own, which counts all that it ever made and refuses the hundredth
            self._connection, self._opened_for = pool.connection_class(**pool.connection_kwargs), here
        try:
            if not self._connection.is_connected:
                self._connection.connect()
                if self._greeting:
                    self._connection.send_command(*self._greeting)
            yield self._connection
        except BaseException:  # an answer may still be on its way, so the conversation cannot go on
            self._connection.disconnect()
            raise
