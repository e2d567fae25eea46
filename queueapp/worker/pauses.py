"""How a worker obeys pauses: it hands back what it has not started, and confirms that nothing more of it will start.

Whoever pauses a queue waits for that (operators/pauses.py).
"""

from collections.abc import Collection
from uuid import UUID

from django.db import Error as DatabaseError

from queueapp.claiming.pauses import Pauses, confirm
from queueapp.tasks.settle import settle
from queueapp.worker.prefetch import PrefetchBuffer


class PauseWatch:
    """The heartbeat's part, and the main thread's."""

    def __init__(self, worker_id: UUID, pauses: Pauses, buffer: PrefetchBuffer) -> None:
        self._worker_id = worker_id
        self._pauses = pauses
        self._buffer = buffer
        self._confirmed = 0

    def obey(self) -> bool:
        """Hear of pauses, and obey them. For the heartbeat. False when the worker was declared dead.

        In this order: what the main thread claims after this it hands back itself.
        """
        is_ours = self._pauses.ask(self._worker_id)
        number, queues = self._pauses.state
        if queues:
            self._hand_back_in_background(queues)
        if number > self._confirmed and confirm(self._worker_id, number):
            self._confirmed = number
        return is_ours

    def _hand_back_in_background(self, queues: Collection[str]) -> None:
        outcomes = self._buffer.release_unstarted(queues)
        try:
            settle(self._worker_id, outcomes)
        except DatabaseError:
            self._buffer.requeue(outcomes)
            raise

    def hand_back(self) -> bool:
        """For the main thread, before it starts what it has claimed: a pause may have come meanwhile."""
        queues = self._pauses.state.queues
        if not queues:
            return False
        outcomes = self._buffer.release_unstarted(queues)
        self._buffer.requeue(outcomes)
        return bool(outcomes)
