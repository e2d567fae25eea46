"""Waiting for conditions, and threads that each have a database connection of their own."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection, connections

# On a machine with much else to do everything takes its time, and only a test that fails waits so long.
PATIENCE_SECONDS = 120


def comes_true(
    condition: Callable[[], object], *, seconds: float = PATIENCE_SECONDS, pause_seconds: float = 0.005
) -> bool:
    """Whether the condition becomes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_seconds)
    return True


def wait_until(condition: Callable[[], object], *, pause_seconds: float = 0.005) -> None:
    """Fails the test when the condition does not become true with all patience."""
    assert comes_true(condition, pause_seconds=pause_seconds), (
        f"{condition} did not come true within {PATIENCE_SECONDS} s"
    )


def sessions_waiting_for_a_lock() -> int:
    """How many of the app's sessions in this database are held up by somebody else's lock now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = session_user AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


@contextmanager
def threads(count: int) -> Iterator[Callable[..., Future]]:
    """Yields a function that runs another in a thread; each thread closes its connections after each call."""

    def run(function: Callable[..., object], *arguments: object) -> object:
        try:
            return function(*arguments)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        yield lambda function, *arguments: pool.submit(run, function, *arguments)
