"""Long polls: look, and look again when the bell rings or a second has passed, holding no connection in between."""

import socket
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connections
from rest_framework.request import Request

from queueapp.rest.toolkit.long_poll import waiting_slot
from queueapp.rest.worker_api.ears import ears

POLL_INTERVAL_SECONDS = 1.0  # should a ring be lost
PAUSE_SECONDS = 0.1  # between two looks, however often it rings for others

T = TypeVar("T")


def poll_until_found(
    look: Callable[[], Sequence[T]], queues: Sequence[str], seconds: float, request: Request
) -> Sequence[T]:
    """What `look` found, at the latest after so many seconds. Raises Busy where too many wait already."""
    deadline = time.monotonic() + seconds
    with waiting_slot(seconds), ears.listening(queues) as rung:
        while True:
            rung.clear()
            looked_at = time.monotonic()
            found = look()
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            connections.close_all()
            rung.wait(min(POLL_INTERVAL_SECONDS, left))
            time.sleep(max(0.0, looked_at + PAUSE_SECONDS - time.monotonic()))
            if _client_is_gone(request):
                return []  # a task claimed now would be lost until its lease ends


def _client_is_gone(request: Request) -> bool:
    """Whether the other end has closed the connection, where the server lets us see it (gunicorn does)."""
    connection = request.META.get("gunicorn.socket")
    if connection is None:
        return False
    try:
        return not connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False  # open, and quiet as it should be
    except OSError:
        return True
