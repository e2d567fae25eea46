"""The notifier: Redis tells idle workers that a queue has something new. PostgreSQL alone knows what.

A notification lost costs at most the second that workers wait between polls of the database.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

import redis
from django.db import transaction
from pydantic import StrictBytes, StrictInt, TypeAdapter

from queueapp.redis.bounded_parser import UnexpectedReply
from queueapp.redis.connections import DedicatedConnection, failure_event, redis_key
from queueapp.redis.replies import expect

logger = logging.getLogger(__name__)

NOTIFICATIONS_KEPT = 64  # more than there are workers wake nobody: the list is capped, whatever the backlog
PAUSE_AFTER_FAILURE_SECONDS = 1.0
QUIET_SECONDS = 0.8

TAKEN = TypeAdapter(tuple[StrictBytes, StrictBytes] | None)
HEARD = TypeAdapter(
    tuple[Literal[b"subscribe"], StrictBytes, StrictInt] | tuple[Literal[b"message"], StrictBytes, StrictBytes]
)

_silent_until = 0.0
_listener: Callable[[list[str]], None] | None = None


def notification_list(queue: str) -> str:
    """The list that workers of a queue wait at: each notification wakes one of them, who takes it."""
    return redis_key("notifications", queue)


def channel() -> str:
    """Where every notification is published once more, for those who listen and must not take any."""
    return redis_key("notifications")


@contextmanager
def heard_by(listener: Callable[[list[str]], None]) -> Iterator[None]:
    """For tests: tell a listener at once, in the transaction that has the news, and nobody by Redis."""
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before


def notify_on_commit(queues: Iterable[str]) -> None:
    """Notify once for each queue when the current transaction commits; not at all if it rolls back."""
    wanted = sorted(set(queues))
    if wanted and _listener is not None:
        _listener(wanted)
    elif wanted:
        # robust: the tasks are stored by then, so nothing may reach the caller as if they were not
        transaction.on_commit(lambda: notify(wanted), robust=True)


def notify(queues: Iterable[str]) -> None:
    """Leave one notification for each queue. A Redis that is away is logged: workers poll the database anyway."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        _sender.send(b"".join(_notification(queue, redis_key()) for queue in queues))
    except redis.RedisError as error:
        # one time-out a second at most, so that submitting stays fast while Redis is away
        _silent_until = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
        logger.warning("workers not notified", extra={"event": failure_event(error), "error": str(error)})


@cache  # packing takes longer than sending, and the queues are few
def _notification(queue: str, prefix: str) -> bytes:
    waiting_list = notification_list(queue)
    return pack(
        ("LPUSH", waiting_list, 1), ("LTRIM", waiting_list, 0, NOTIFICATIONS_KEPT - 1), ("PUBLISH", channel(), queue)
    )


def pack(*commands: Sequence[str | int]) -> bytes:
    """Commands as Redis reads them."""
    unopened: Any = redis.Connection()  # type: ignore[no-untyped-call]  # none of a pool, which counts what it makes
    return b"".join(unopened.pack_commands(commands))


class Sender:
    """Sends and never waits for an answer, which nobody needs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection = DedicatedConnection("CLIENT", "REPLY", "OFF")

    def send(self, packed: bytes) -> None:
        """Raises RedisError where the connection cannot be made, has broken, or takes nothing any more."""
        with self._lock, self._connection.open() as connection:
            connection.send_packed_command([packed], check_health=False)


_sender = Sender()
_waiting = DedicatedConnection()


def wait(queues: Iterable[str], seconds: float) -> str | None:
    """The first of the queues that is notified. None when the time passed, or Redis is away and it was slept.

    For a process's main thread only.
    """
    started = time.monotonic()
    try:
        by_list = {notification_list(queue): queue for queue in queues}
        taken = expect(TAKEN, _waiting.ask("BLPOP", *by_list, min(seconds, QUIET_SECONDS)))
        if taken is None:
            return None
        if (queue := by_list.get(taken[0].decode(errors="replace"))) is None:  # at once, perhaps, and for ever
            raise UnexpectedReply(f"{taken[0]!r:.200} was not asked for")
        return queue
    except redis.RedisError as error:
        logger.warning("waiting without Redis", extra={"event": failure_event(error), "error": str(error)})
        time.sleep(max(0.0, seconds - (time.monotonic() - started)))
        return None


def subscribe() -> Generator[str | None]:
    """The queue of every notification from now on, taking none from those who wait; None after a quiet moment.

    For ever, also while Redis is away. Some notifications may be missed.
    """
    subscription = DedicatedConnection("SUBSCRIBE", channel())
    while True:
        try:
            with subscription.open() as connection:
                if not connection.can_read(timeout=QUIET_SECONDS):
                    yield None
                    continue
                heard = expect(HEARD, connection.read_response())
        except redis.RedisError as error:
            logger.warning("listening without Redis", extra={"event": failure_event(error), "error": str(error)})
            time.sleep(PAUSE_AFTER_FAILURE_SECONDS)
            yield None
            continue
        if heard[0] == b"message":
            yield heard[2].decode(errors="replace")
