"""Inline mode: a worker that hears of what is submitted at once, in the thread and transaction of the submit."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from queueapp.redis import notifier
from queueapp.tenancy.scopes import outside_scopes
from queueapp.testing.draining import Drained, Drainer
from queueapp.worker.left_transactions import atomic_depth


class InlineWorker:
    def __init__(self, drainer: Drainer) -> None:
        self.drained = Drained()
        self._drainer = drainer
        self._is_busy = False
        self._in_transaction = atomic_depth() > 0  # the test's own, which commits nothing

    def hear(self, queues: list[str]) -> None:
        """Something is ready. While a task runs this waits: the worker has only one hand."""
        if self._is_busy:
            return
        if self._in_transaction:
            self.work()
        else:
            transaction.on_commit(self.work)

    def work(self) -> None:
        self._is_busy = True
        try:
            with outside_scopes():  # the submit's
                self.drained.tasks = self._drainer.drain(with_scheduled=False, with_retries=False).tasks
        finally:
            self._is_busy = False


@contextmanager
def inline_worker(drainer: Drainer) -> Iterator[Drained]:
    worker = InlineWorker(drainer)
    worker.work()
    with notifier.heard_by(worker.hear):
        yield worker.drained
