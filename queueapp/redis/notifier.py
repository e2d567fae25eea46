"""The notifier: Redis tells idle workers that a queue has something new. PostgreSQL alone knows what.

A notification lost costs at most the second that workers wait between polls of the database.
"""

import logging
import threading
import time
from collections.abc import Generator, Iterable, Sequence
from functools import cache
from typing import Any

import redis
from django.db import transaction

from queueapp.redis.connections import DedicatedConnection, new_client, redis_key

logger = logging.getLogger(__name__)

NOTIFICATIONS_KEPT = 64  # more than there are workers wake nobody: the list is capped, whatever the backlog
PAUSE_AFTER_FAILURE_SECONDS = 1.0

_silent_until = 0.0


def notification_list(queue: str) -> str:
    """The list that workers of a queue wait at: each notification wakes one of them, who takes it."""
    return redis_key("notifications", queue)


def channel() -> str:
    """Where every notification is published once more, for those who listen and must not take any."""
    return redis_key("notifications")


def notify_on_commit(queues: Iterable[str]) -> None:
    """Notify once for each queue when the current transaction commits; not at all if it rolls back."""
    wanted = sorted(set(queues))
    if wanted:
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
        logger.warning("workers not notified", extra={"event": "redis_error", "error": str(error)})


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


def wait(queues: Iterable[str], seconds: float) -> bool:
    """Wait for a notification of any of the queues. False when the time passed, or Redis is away and it was slept.

    For a process's main thread only.
    """
    started = time.monotonic()
    try:
        with _waiting.open() as connection:
            connection.send_command("BLPOP", *map(notification_list, queues), min(seconds, 0.8))
            return connection.read_response() is not None
    except redis.RedisError as error:
        logger.warning("waiting without Redis", extra={"event": "redis_error", "error": str(error)})
        time.sleep(max(0.0, seconds - (time.monotonic() - started)))
        return False


def subscribe() -> Generator[str | None]:
    """The queue of every notification from now on, taking none from those who wait; None after a quiet moment.

    For ever, also while Redis is away. Some notifications may be missed.
    """
    while True:
        try:
            # a client of its own: this thread's connection is in use all the time
            listener = new_client()
            with listener, listener.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
                subscription.subscribe(channel())
                while True:
                    message = subscription.get_message(timeout=0.8)
                    yield message["data"].decode() if message else None
        except redis.RedisError as error:
            logger.warning("listening without Redis", extra={"event": "redis_error", "error": str(error)})
            time.sleep(PAUSE_AFTER_FAILURE_SECONDS)
            yield None
