"""Hooks registered for one test, and attempts executed in the test's own process."""

import pytest

from queueapp import hooks, observers, tasks
from queueapp.tasks.settle import settle
from queueapp.worker.executor import Executor
from queueapp.worker.interrupts import Interrupter
from tests.factories import attempt_at, fresh
from tests.tasks.workers import Worker


@pytest.fixture(autouse=True)
def registries(monkeypatch):
    """What a test registers is gone after it."""
    monkeypatch.setattr(hooks, "_attempt_hooks", list(hooks._attempt_hooks))
    monkeypatch.setattr(hooks, "_jobs", dict(hooks._jobs))
    monkeypatch.setattr(observers, "_observers", [])


@pytest.fixture
def execute_next(background):
    """Claim a task, execute one attempt as a worker does, and return the task as it is then."""

    def execute_next():
        worker = Worker()
        attempt = attempt_at(worker.claim(), worker.id)
        if outcome := Executor(background, Interrupter()).execute(attempt):
            settle(worker.id, [outcome])
        return fresh(attempt.task)

    return execute_next


@pytest.fixture
def execute(acme, execute_next):
    """Submit a task, and execute it."""

    def execute(type, params=None, **options):
        tasks.submit(type, params, tenant_id=acme.id, **options)
        return execute_next()

    return execute
