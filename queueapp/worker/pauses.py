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
        # while the main thread waits for a notification: it holds nothing, and within a second hears of pauses itself
        self.is_resting = False

    def obey(self) -> bool:
        """Hear of pauses, and obey them. For the heartbeat. False when the worker was declared dead.

        In this order: what the main thread claims after this it hands back itself.
        """
        if self.is_resting and self._pauses.is_recent:
            return not self._pauses.stopped
        is_ours = self._pauses.ask(self._worker_id)
        if queues := self._pauses.state.queues:
            self._hand_back_in_background(queues)
        self.confirm()
        return is_ours

    def confirm(self) -> None:
        """Of what is paused now nothing is left that could start."""
        number = self._pauses.state.number
        if number > self._confirmed and confirm(self._worker_id, number):
            self._confirmed = number

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
