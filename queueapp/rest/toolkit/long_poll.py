"""Waiting for tasks to end: one thread a process polls for all requests that wait, so that they hold no connection.

It polls for all of them in one statement, 20 times a second and only while one waits. Workers do nothing for it:
a NOTIFY for each task would cost them more than this.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connections
from rest_framework.request import Request

from queueapp.db import statements
from queueapp.rest.toolkit import waiting_places
from queueapp.rest.toolkit.client_connection import LOOK_SECONDS, client_is_gone
from queueapp.tenancy import system_scope

logger = logging.getLogger(__name__)

POLL_INTERVAL_SECONDS = 0.05
AFTER_AN_ERROR_SECONDS = 1.0
KEEPS_CONNECTION_SECONDS = 1.0  # when the last waiter has gone
MAX_WAIT_SECONDS = 30
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})\"?\s*(?:$|[,;])", re.I)


def wanted_seconds(request: Request) -> int:
    """How long `Prefer: wait=N` allows us to wait: at most 30 s, 0 without it. What cannot be read is ignored."""
    found = WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found[1]), MAX_WAIT_SECONDS) if found else 0


@dataclass(frozen=True, slots=True)
class Wait:
    """The wait that a client prefers; of 0 seconds where it does not."""

    seconds: int
    request: Request

    @property
    def granted(self) -> str:
        """The value of Preference-Applied."""
        return f"wait={self.seconds}"

    def for_end_of(self, task_id: UUID | None) -> bool:
        """Wait for its end, at most so long, or until the client has gone. False where there is nothing to wait for."""
        if not self.seconds or task_id is None:
            return False
        completion_watcher.wait(task_id, self.seconds, partial(client_is_gone, self.request))
        return True


@contextmanager
def preferred_wait(request: Request) -> Iterator[Wait]:
    """What `Prefer: wait=N` asks for. A place is taken first, so that nothing is accepted and then refused.

    Raises Busy without one.
    """
    wait = Wait(wanted_seconds(request), request)
    if not wait.seconds:
        yield wait
        return
    with waiting_places.for_tasks().place(waiting_places.party_of(request), wait.seconds):
        yield wait


class CompletionWatcher:
    """Wakes each waiter when its task has ended."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiters: dict[UUID, list[threading.Event]] = {}
        self._thread: threading.Thread | None = None

    def wait(self, task_id: UUID, seconds: float, is_abandoned: Callable[[], bool] = lambda: False) -> None:
        """Return when the task has ended, the time has passed, or nobody waits any more.

        The thread's own database connection is closed meanwhile.
        """
        ended = threading.Event()
        deadline = time.monotonic() + seconds
        connections.close_all()
        with self._changed:
            self._waiters.setdefault(task_id, []).append(ended)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._poll, name="completion_watcher", daemon=True)
                self._thread.start()
            self._changed.notify()
        while not ended.wait(min(LOOK_SECONDS, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline or is_abandoned():
                break
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
            except DatabaseError as error:  # whichever: without this thread nobody who waits would be woken
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
