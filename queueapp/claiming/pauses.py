"""Which queues a worker may start nothing of."""

import threading
import time
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from queueapp.claiming.poll import Poll
from queueapp.db import statements
from queueapp.models import Worker
from queueapp.tenancy import worker_scope, worker_statement

HEAR_SECONDS = 1.0


class PauseState(NamedTuple):
    """The queues that were paused when `number` was the latest pause or resume of any queue."""

    number: int
    queues: frozenset[str]


class Pauses:
    """What a worker knows of pauses. Its main thread hears of them with the partitions, its heartbeat once a second.

    Pauses are numbered in the order they commit (schema/25_pauses.sql), so the greater number is what holds.
    """

    def __init__(self) -> None:
        self.state = PauseState(0, frozenset())
        self.stopped = False  # whether the worker was declared dead
        self.asked_to_end = False  # whether an operator wants it to start nothing more of any queue, and end
        self._heard_at = float("-inf")
        self._lock = threading.Lock()

    def hear(self, number: int, queues: Iterable[str]) -> None:
        """Take on what was just read, unless something later is known already."""
        with self._lock:
            if number > self.state.number:
                self.state = PauseState(number, frozenset(queues))

    def take(self, polled: Poll) -> None:
        """Hear what the poll saw."""
        self.hear(
            max((queue.pause_number for queue in polled.queues), default=0),
            (queue.name for queue in polled.queues if queue.is_paused),
        )
        self.stopped, self._heard_at = polled.is_stopped, polled.asked_at
        self.asked_to_end |= polled.is_asked_to_end

    def ask(self, worker_id: UUID) -> bool:
        """Hear what there is now, between two polls. False when the worker was declared dead."""
        began = time.monotonic()
        with worker_statement(worker_id):
            (now,) = statements.rows("hear_pauses", {"worker_id": worker_id})
        self.hear(now["number"], now["queues"])
        self.stopped, self._heard_at = now["stopped"], began
        self.asked_to_end |= now["asked_to_end"]
        return not self.stopped

    @property
    def is_recent(self) -> bool:
        """Whether it was heard within the last second what there is."""
        return time.monotonic() - self._heard_at < HEAR_SECONDS


def confirm(worker_id: UUID, number: int) -> bool:
    """Record that this worker starts nothing more of the queues paused as of `number`. False where it has no row."""
    with worker_scope(worker_id):
        return Worker.objects.filter(id=worker_id).update(pause_seen=number) == 1
