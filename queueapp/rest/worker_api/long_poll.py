"""Long polls: poll again at each notification or after a second, holding no connection in between."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TypeVar

from django.db import connections
from rest_framework.request import Request

from queueapp.redis import notifier
from queueapp.rest.toolkit import waiting_places
from queueapp.rest.toolkit.client_connection import client_is_gone

POLL_INTERVAL_SECONDS = 1.0  # should a notification be lost
PAUSE_SECONDS = 0.1  # between two polls, however many notifications come for others

T = TypeVar("T")


class QueueListener:
    """Sets the event of every long poll of a queue when that queue is notified.

    One thread listens for the whole process, and takes no notification away from other workers.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[tuple[frozenset[str] | None, threading.Event]] = []
        self._thread: threading.Thread | None = None

    @contextmanager
    def listening(self, queues: Sequence[str] | None) -> Iterator[threading.Event]:
        """Yields an event that each notification sets, of any queue where none is named.

        Some may be missed, as ever: poll now and then.
        """
        notified = threading.Event()
        listener = (None if queues is None else frozenset(queues), notified)
        with self._lock:
            self._listeners.append(listener)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._listen, name="queue_listener", daemon=True)
                self._thread.start()
        try:
            yield notified
        finally:
            with self._lock:
                self._listeners.remove(listener)

    def _listen(self) -> None:
        """Until nobody listens any more."""
        with closing(notifier.subscribe()) as notifications:
            for queue in notifications:
                with self._lock:
                    if not self._listeners:
                        self._thread = None
                        return
                    listeners = list(self._listeners)
                for queues, notified in listeners:
                    if queue is not None and (queues is None or queue in queues):
                        notified.set()


queue_listener = QueueListener()


def poll_until_found(
    poll: Callable[[], Sequence[T]], queues: Sequence[str] | None, seconds: float, request: Request
) -> Sequence[T]:
    """What `poll` found, at the latest after so many seconds.

    What is there already needs no place to wait. Raises Busy without one.
    """
    found = poll()
    if found or not seconds:
        return found
    deadline = time.monotonic() + seconds
    place = waiting_places.for_claims().place(waiting_places.party_of(request), seconds)
    with place, queue_listener.listening(queues) as notified:
        while True:
            notified.clear()
            polled_at = time.monotonic()
            found = poll()
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            connections.close_all()
            notified.wait(min(POLL_INTERVAL_SECONDS, left))
            time.sleep(max(0.0, polled_at + PAUSE_SECONDS - time.monotonic()))
            if client_is_gone(request):
                return []  # a task claimed now would be lost until its lease ends
