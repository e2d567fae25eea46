"""Hostile bodies and strings in every place of every request: no 5xx, and what is refused writes no row.

There are more than 200,000: `make test` sends each 37th, `make fuzz` each seventh.
"""

import os
from collections import Counter, defaultdict

import pytest

from queueapp.models import Task, Tenant
from queueapp.tenancy import operator_scope
from tests.factories import create_artifact
from tests.inputs.requests import Operation, Sent, inputs, operations
from tests.inputs.rows import changed, fingerprint
from tests.inputs.sending import Sender
from tests.web import running_server
from tests.worker_api.conftest import WorkerApi, make_key

EVERY = 7 if "FUZZ_SECONDS" in os.environ else 37  # primes, so that each place gets strings of every kind
CHUNK = 60
STATUSES = ("queued", "scheduled", "failed", "completed", "dead_letter", "cancelled")
NAMES = {"name": "default", "key": "app.workers", "type": "echo", "family": "sample", "operation": "noop"}


@pytest.fixture
def unlimited(acme):
    """What is sent here is refused all the time."""
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=acme.id).update(limits={"refusals_per_minute": None})


@pytest.fixture
def worker(acme):
    return WorkerApi(make_key(acme, "worker"))


@pytest.fixture
def known(make_task, worker):
    """What exists, for each operation anew: values of its path and of its body."""
    made = 0

    def make(operation: Operation) -> dict[str, str]:
        nonlocal made
        task = make_task(STATUSES[made % len(STATUSES)])
        made += 1
        values = {**NAMES, "task_id": str(task.id), "artifact_id": create_artifact(task)}
        if "lease_token" in operation.fields or operation.path.startswith("/worker/tasks/"):
            make_task("queued")
            (claimed,) = worker.claim(max=1)
            values |= {"task_id": claimed["id"], "lease_token": claimed["lease_token"]}
        return values

    return make


@pytest.fixture
def sender(acme, unlimited, worker):
    with running_server(TASKS_PER_MINUTE="1000000", LOG_LEVEL="ERROR") as server:
        sender = Sender(server, make_key(acme, "admin"), worker.key)
        yield sender
        sender.close()


class Counted:
    """What was sent and how it was answered, and what went wrong."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.answered: dict[str, Counter[int]] = defaultdict(Counter)  # by operation
        self.faults: dict[Sent, int] = {}
        self.writers: list[str] = []  # refused requests that wrote rows

    def send(self, requests: list[Sent]) -> None:
        """Send all. What was accepted may have written, so the refused ones are sent again until nothing is."""
        pairs = self._send(requests)
        for each, status in pairs:
            self.answered[each.operation][status] += 1
        while refused := [each for each, status in pairs if 400 <= status < 500]:
            before = fingerprint()
            pairs = self._send(refused)
            if all(400 <= status < 500 for _, status in pairs):
                if changed(before):
                    self._find_writers(refused)
                break

    def _send(self, requests: list[Sent]) -> list[tuple[Sent, int]]:
        pairs = list(zip(requests, self._sender.send_all(requests), strict=True))
        self.faults |= {each: status for each, status in pairs if status >= 500}
        return pairs

    def _find_writers(self, requests: list[Sent]) -> None:
        for each in requests:
            before = fingerprint()
            self._send([each])
            if tables := changed(before):
                self.writers.append(f"{each} wrote to {', '.join(tables)}")

    @property
    def total(self) -> Counter[int]:
        return sum(self.answered.values(), Counter[int]())

    def __str__(self) -> str:
        rows = [f"{name}: {dict(sorted(counts.items()))}" for name, counts in sorted(self.answered.items())]
        return "\n".join([*rows, f"{self.total.total()} inputs: {dict(sorted(self.total.items()))}"])


def test_no_input_is_a_server_error_and_none_that_is_refused_writes_a_row(sender, known):
    counted = Counted(sender)
    for place, operation in enumerate(operations()):
        requests = list(inputs(operation, known(operation)))[place % EVERY :: EVERY]
        for start in range(0, len(requests), CHUNK):
            counted.send(requests[start : start + CHUNK])
    print(counted)
    assert {str(each)[:2_000]: status for each, status in list(counted.faults.items())[:20]} == {}
    assert counted.writers == []
    assert counted.total.total() * EVERY > 200_000


def test_a_row_that_is_written_is_noticed(make_task):
    task = make_task("queued")
    for write in (lambda rows: rows.update(labels=["x"]), lambda rows: rows.delete()):
        before = fingerprint()
        assert changed(before) == []
        with operator_scope("operator:test"):
            write(Task.objects.filter(id=task.id))
        assert "taskrunner_tasks" in changed(before)
