"""Task functions registered for one test, and executed in the test's own process."""

import pytest

from queueapp import handlers
from queueapp.tasks.settle import settle
from queueapp.worker.executor import Executor
from queueapp.worker.interrupts import Interrupter
from tests.factories import attempt_at, fresh
from tests.tasks.workers import Worker


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))


@pytest.fixture
def execute(background):
    """Execute one attempt at the task that is next, as a worker does, and return the task as it is then."""

    def execute():
        worker = Worker()
        attempt = attempt_at(worker.claim(), worker.id)
        if outcome := Executor(background, Interrupter()).execute(attempt):
            settle(worker.id, [outcome])
        return fresh(attempt.task)

    return execute
