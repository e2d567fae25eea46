"""Waiting for tasks to end: one thread a process polls for all requests that wait, so that they hold no connection.

It polls for all of them in one statement, 20 times a second and only while one waits. Workers do nothing for it:
a NOTIFY for each task would cost them more than this.
"""

import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.db import InterfaceError, OperationalError, connections
from rest_framework.request import Request

from queueapp import conf
from queueapp.db import statements
from queueapp.rest.toolkit.errors import Busy
from queueapp.tenancy import system_scope

logger = logging.getLogger(__name__)

POLL_INTERVAL_SECONDS = 0.05
AFTER_AN_ERROR_SECONDS = 1.0
KEEPS_CONNECTION_SECONDS = 1.0  # when the last waiter has gone
MAX_WAIT_SECONDS = 30
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})\"?\s*(?:$|[,;])", re.I)


@cache
def _slots() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(conf.settings.api_waiting_requests)


def wanted_seconds(request: Request) -> int:
    """How long `Prefer: wait=N` allows us to wait: at most 30 s, 0 without it. What cannot be read is ignored."""
    found = WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found[1]), MAX_WAIT_SECONDS) if found else 0


@contextmanager
def waiting_slot(seconds: float) -> Iterator[None]:
    """One of the places for requests that wait, so that others are answered meanwhile. Raises Busy without one."""
    if not seconds:
        yield
        return
    if not _slots().acquire(blocking=False):
        raise Busy("Too many requests are waiting; ask again without waiting, or later.", headers={"Retry-After": "1"})
    try:
        yield
    finally:
        _slots().release()


@dataclass(frozen=True, slots=True)
class Wait:
    """The wait that a client prefers; of 0 seconds where it does not."""

    seconds: int

    @property
    def granted(self) -> str:
        """The value of Preference-Applied."""
        return f"wait={self.seconds}"

    def for_end_of(self, task_id: UUID | None) -> bool:
        """Wait until the task has ended, at most so long. False where there is nothing to wait for."""
        if not self.seconds or task_id is None:
            return False
        completion_watcher.wait(task_id, self.seconds)
        return True


@contextmanager
def preferred_wait(request: Request) -> Iterator[Wait]:
    """What `Prefer: wait=N` asks for. A place is taken first, so that nothing is accepted and then refused."""
    seconds = wanted_seconds(request)
    with waiting_slot(seconds):
        yield Wait(seconds)


class CompletionWatcher:
    """Wakes each waiter when its task has ended."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiters: dict[UUID, list[threading.Event]] = {}
        self._thread: threading.Thread | None = None

    def wait(self, task_id: UUID, seconds: float) -> None:
        """Return when the task has ended or the time has passed. The thread's own connection is closed meanwhile."""
        ended = threading.Event()
        connections.close_all()
        with self._changed:
            self._waiters.setdefault(task_id, []).append(ended)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._poll, name="completion_watcher", daemon=True)
                self._thread.start()
            self._changed.notify()
        ended.wait(seconds)
        with self._changed:
            waiters = self._waiters.get(task_id, [])
            if ended in waiters:
                waiters.remove(ended)
            if not waiters:
                self._waiters.pop(task_id, None)

    def _poll(self) -> None:
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._waiters, timeout=KEEPS_CONNECTION_SECONDS):
                    connections.close_all()
                    self._changed.wait_for(lambda: self._waiters)
                wanted = list(self._waiters)
            try:
                self._wake(_finished_among(wanted))
                time.sleep(POLL_INTERVAL_SECONDS)
            except (OperationalError, InterfaceError) as error:
                logger.warning(
                    "completion_watcher is blind", extra={"event": "db_connection_failed", "error": str(error)}
                )
                connections.close_all()
                time.sleep(AFTER_AN_ERROR_SECONDS)

    def _wake(self, ended: list[UUID]) -> None:
        with self._changed:
            for task_id in ended:
                for waiter in self._waiters.pop(task_id, []):
                    waiter.set()


completion_watcher = CompletionWatcher()


def _finished_among(task_ids: list[UUID]) -> list[UUID]:
    with system_scope("completion_watcher"):
        return [row["id"] for row in statements.rows("finished_among", {"ids": task_ids})]
