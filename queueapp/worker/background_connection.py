"""The background connection: a thread with a database connection of its own, and a deadline on every call.

What must not wait for the handler, or be part of its transaction, goes over it: leases, logs, late settling.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection

DEADLINE_SECONDS = 5.0

P = ParamSpec("P")
T = TypeVar("T")


class BackgroundConnection:
    """Calls run one after the other. One that exceeds its deadline raises TimeoutError and goes on behind it."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="background")

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function on this connection.

        Raises TimeoutError after five seconds, or what the function raises.
        """
        return self._executor.submit(_call, lambda: function(*args, **kwargs)).result(DEADLINE_SECONDS)

    def close(self) -> None:
        """Close the connection and end the thread, unless a call hangs in it."""
        self._executor.submit(lambda: connection.close())  # looked up in the thread, each of which has its own
        self._executor.shutdown(wait=False)


def _call(function: Callable[[], T]) -> T:
    try:
        return function()
    except DatabaseError:
        connection.close()  # broken or not: the next call starts on a new one
        raise
