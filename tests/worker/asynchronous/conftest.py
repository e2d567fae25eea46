"""A worker's attempt pool in the test's own process."""

from collections.abc import Callable

import pytest

from queueapp import tasks
from queueapp.claiming import Capabilities, Claimer
from queueapp.handlers import get_handler
from queueapp.models.base import new_id
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.settle import Outcome
from queueapp.worker.asynchronous.executor import AsyncExecutor
from queueapp.worker.asynchronous.pool import AttemptPool
from queueapp.worker.prefetch import PrefetchBuffer
from queueapp.worker.processes.shared_memory import ClusterMemory
from tests.waiting import wait_until


class PoolOfTest:
    """Claims and starts as a worker's main thread does, and keeps the outcomes."""

    def __init__(self, background, tenant) -> None:
        self.id = new_id()
        self.slot = ClusterMemory(1).slots[0]
        self.buffer = PrefetchBuffer()
        self.pool = AttemptPool(AsyncExecutor(background), self.buffer, self.slot)
        self._tenant = tenant

    def start(self, type: str, count: int = 1, **params) -> list[Attempt]:
        tasks.submit_many([{"type": type, "params": params}] * count, tenant_id=self._tenant.id)
        claimed = Claimer(self.id, Capabilities(queues=("default",))).claim()
        attempts = [Attempt(task, self.id, get_handler(task.type)) for task in claimed]
        self.buffer.load(attempts)
        self.pool.start(self.buffer.start_concurrent())
        return attempts

    def outcomes(self) -> list[Outcome]:
        """When all have ended."""
        wait_until(lambda: self.pool.is_empty)
        return self.buffer.take_outcomes()

    def run(self, type: str, count: int = 1, **params) -> list[Outcome]:
        self.start(type, count, **params)
        return self.outcomes()


@pytest.fixture
def pool_of(background, acme, configure) -> Callable[[int], PoolOfTest]:
    """pool_of(2): a pool that lends two threads."""
    made = []

    def make(threads: int) -> PoolOfTest:
        configure(WORKER_ASYNC_THREADS=threads)
        made.append(PoolOfTest(background, acme))
        return made[-1]

    yield make
    for each in made:
        wait_until(lambda each=each: each.pool.is_empty)
        each.pool.close()
