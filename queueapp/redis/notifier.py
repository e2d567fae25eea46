"""The doorbell: Redis tells idle workers that a queue has something new. PostgreSQL alone knows what.

Losing every ring costs at most the second that workers wait between looks at the database.
"""

import logging
import os
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import redis
from django.db import transaction

from queueapp import conf

logger = logging.getLogger(__name__)

RINGS_KEPT = 64  # more rings than workers wake nobody: the list is capped, whatever the backlog
PAUSE_AFTER_FAILURE_SECONDS = 1.0
CHANNEL = "taskrunner:rings"  # every ring once more, for those who listen and must not take any

_silent_until = 0.0
_clients: dict[str, redis.Redis] = {}


def client() -> redis.Redis:
    """One client a process. Every call ends in time: a black-holed Redis must not hold anything up."""
    url = conf.settings.redis_url
    # where two threads come first, one's client is dropped unused; a dropped one closes connections under others
    return _clients.get(url) or _clients.setdefault(url, _connect(url))


def _connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=0.2, socket_timeout=1.0)


def bell_of(queue: str) -> str:
    return f"taskrunner:bell:{queue}"


def ring_on_commit(queues: Iterable[str]) -> None:
    """Ring once for each queue when the current transaction commits; not at all if it rolls back."""
    wanted = sorted(set(queues))
    if wanted:
        transaction.on_commit(lambda: ring(wanted))


def ring(queues: Iterable[str]) -> None:
    """Leave one token on each queue's bell. Never raises: the workers look at the database anyway."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        _hand.send(b"".join(map(_ring_of, queues)))
    except redis.RedisError as error:
        # one time-out a second at most, so that submitting stays fast while Redis is away
        _silent_until = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
        logger.warning("doorbell not rung", extra={"event": "redis_error", "error": str(error)})


@cache  # packing takes longer than sending, and the queues are few
def _ring_of(queue: str) -> bytes:
    bell = bell_of(queue)
    return _packed(("LPUSH", bell, 1), ("LTRIM", bell, 0, RINGS_KEPT - 1), ("PUBLISH", CHANNEL, queue))


def _packed(*commands: Sequence[str | int]) -> bytes:
    """Commands as Redis reads them."""
    unopened: Any = redis.Connection()  # type: ignore[no-untyped-call]  # none of a pool, which counts what it makes
    return b"".join(unopened.pack_commands(commands))


class Line:
    """A connection for one purpose, without redis-py's client around it: that takes longer than the command itself.

    Opened when first used, and anew after it broke.
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
            self._connection, self._opened_for = client().connection_pool.make_connection(), here
        try:
            if not self._connection.is_connected:
                self._connection.connect()
                if self._greeting:
                    self._connection.send_command(*self._greeting)
            yield self._connection
        except BaseException:  # an answer may still be on its way, so the conversation cannot go on
            self._connection.disconnect()
            raise


class Hand:
    """The hand on the bells: sends and never waits for an answer, which nobody needs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line = Line("CLIENT", "REPLY", "OFF")

    def send(self, packed: bytes) -> None:
        """Raises RedisError where the connection cannot be made, has broken, or takes nothing any more."""
        with self._lock, self._line.open() as connection:
            connection.send_packed_command([packed], check_health=False)


_hand = Hand()
_ear = Line()


def wait(queues: Iterable[str], seconds: float) -> bool:
    """Wait for a ring on any of the queues. False when the time passed, or Redis is away and it was slept.

    For a process's main thread only.
    """
    started = time.monotonic()
    try:
        with _ear.open() as connection:
            connection.send_command("BLPOP", *map(bell_of, queues), min(seconds, 0.8))
            return connection.read_response() is not None
    except redis.RedisError as error:
        logger.warning("doorbell unheard", extra={"event": "redis_error", "error": str(error)})
        time.sleep(max(0.0, seconds - (time.monotonic() - started)))
        return False


def rings() -> Generator[str | None]:
    """The queue of every ring from now on, taking none from those who wait; None where it was quiet for a moment.

    For ever, also while Redis is away. Some rings may be missed.
    """
    while True:
        try:
            # a client of its own: this thread's connection is in use all the time
            listener = _connect(conf.settings.redis_url)
            with listener, listener.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
                subscription.subscribe(CHANNEL)
                while True:
                    message = subscription.get_message(timeout=0.8)
                    yield message["data"].decode() if message else None
        except redis.RedisError as error:
            logger.warning("rings unheard", extra={"event": "redis_error", "error": str(error)})
            time.sleep(PAUSE_AFTER_FAILURE_SECONDS)
            yield None
