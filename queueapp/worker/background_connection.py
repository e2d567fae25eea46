"""The background connection: a thread with a database connection of its own.

What must not wait for the handler, or be part of its transaction, goes over it: leases, logs, late settling.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from django.db import DatabaseError, connection

from queueapp.claiming.claimer import LEASE_SECONDS

DEADLINE_SECONDS = float(LEASE_SECONDS)  # the database may be away so long before a worker gives its tasks up

P = ParamSpec("P")
T = TypeVar("T")


class BackgroundConnection:
    """Calls run one after the other. Nobody waits at its end for one that hangs: its thread is a daemon."""

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)
        self._thread.start()

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a function on this connection.

        Raises TimeoutError after thirty seconds, or what the function raises.
        """
        return self.start(function, *args, **kwargs).result(DEADLINE_SECONDS)

    def start(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """As `call`, without waiting for it."""
        future: Future[T] = Future()
        self._calls.put((future, lambda: function(*args, **kwargs)))
        return future

    def finish(self, seconds: float) -> None:
        """Wait for all that it was given until now, at most so long."""
        with suppress(TimeoutError):
            self.start(lambda: None).result(seconds)

    def close(self) -> None:
        """Close the connection and end the thread, once it has done what it was given."""
        self._calls.put(None)

    def _run(self) -> None:
        while call := self._calls.get():
            future, function = call
            try:
                future.set_result(function())
            except BaseException as error:
                if isinstance(error, DatabaseError):
                    connection.close()  # broken or not: the next call starts on a new one
                future.set_exception(error)
            del call, future, function  # not kept alive until the next
        connection.close()
