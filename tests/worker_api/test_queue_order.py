"""Workers over HTTP obey what is said of queues: their order, their pauses, and that there are new ones."""

from collections import Counter
from functools import partial

import pytest

from queueapp import tasks
from queueapp.claiming import Capabilities
from queueapp.claiming.http_workers import claim_for_tenant
from queueapp.models import Queue, Task
from queueapp.models.base import new_id
from queueapp.operators import service
from queueapp.tasks.settle import Outcome, OutcomeKind, settle
from queueapp.tenancy import operator_scope
from tests.tasks.staging import in_turn
from tests.worker_api.conftest import WorkerApi, make_key


def set_strategy(strategy, queue="default"):
    with operator_scope("operator:test"):
        service.set_strategy(queue, strategy)


@pytest.mark.parametrize(
    ("strategy", "order"),
    [
        ("fifo", "low high middle"),
        ("lifo", "middle high low"),
        ("priority", "high middle low"),
        ("fair", "high middle low"),
    ],
)
def test_the_order_is_that_of_the_queue(worker, make_task, strategy, order):
    set_strategy(strategy)
    priorities, types = {"low": 1, "high": 10, "middle": 5}, {"low": "echo", "high": "sample.noop", "middle": "echo"}
    names = {str(make_task(priority=priorities[name], type=types[name]).id): name for name in priorities}
    assert " ".join(names[task["id"]] for task in worker.claim(max=10)) == order


@pytest.mark.parametrize("strategy", Queue.Strategy.values)
def test_every_priority_that_a_task_may_have_is_claimed(worker, make_task, strategy):
    set_strategy(strategy)
    made = [str(make_task(priority=priority).id) for priority in (-95, 0, 1, 10, 11, 105)]
    assert sorted(task["id"] for _ in range(3) for task in worker.claim(max=2)) == sorted(made)


def test_weighted_random_draws_in_proportion_to_priority(acme):
    set_strategy("weighted_random")
    weights = {1: 1, 3: 3, 6: 6, 10: 10}
    for priority in weights:
        tasks.submit_many([{"type": "sample.noop", "priority": priority}] * 300, tenant_id=acme.id)
    worker_id, drawn = new_id(), Counter()
    for _ in range(200):
        rows = claim_for_tenant(worker_id, acme.id, Capabilities(None), 20)
        drawn.update(row["priority"] for row in rows)
        settle(worker_id, [Outcome(row["id"], row["attempt"], OutcomeKind.RELEASED) for row in rows])
    total = sum(drawn.values())
    assert total == 4_000
    expected = {priority: total * weight / 20 for priority, weight in weights.items()}
    chi_square = sum((drawn[priority] - expected[priority]) ** 2 / expected[priority] for priority in weights)
    assert chi_square < 30.7, drawn  # a correct draw exceeds this once in a million runs


def test_a_claim_takes_of_one_queue_and_no_queue_is_left_out(worker, make_task):
    with operator_scope("operator:test"):
        service.add_queue("other")
    for _ in range(50):
        make_task()
        make_task(queue="other", priority=1)
    claims = [{task["queue"] for task in worker.claim(max=5)} for _ in range(20)]
    assert {len(queues) for queues in claims} == {1}
    assert set.union(*claims) == {"default", "other"}


def test_a_pause_waits_for_a_claim_in_flight(acme, make_task):
    """Held open by the test; what it leases was leased before the pause."""
    make_task()
    claimed = []

    def claim():
        claimed.extend(claim_for_tenant(new_id(), acme.id, Capabilities(None), 1))

    def pause():
        with operator_scope("operator:test"):
            service.pause_queue("default")
        return list(claimed)

    assert len(in_turn(claim, pause)) == 1


def test_a_claim_that_comes_while_a_pause_commits_finds_nothing(acme, make_task):
    make_task()

    def pause():
        with operator_scope("operator:test"):
            service.pause_queue("default")

    assert in_turn(pause, partial(claim_for_tenant, new_id(), acme.id, Capabilities(None), 1)) == []
    with operator_scope("operator:test"):
        assert Task.objects.get().status == "queued"


def test_a_key_of_all_queues_takes_of_one_that_is_added_later(worker, acme, make_task):
    bound = WorkerApi(make_key(acme, "worker", queues=["default"]))
    assert worker.claim() == bound.claim() == []
    with operator_scope("operator:test"):
        Queue.objects.create(name="later")
    task = make_task(queue="later")
    assert bound.claim() == []
    assert [claimed["id"] for claimed in worker.claim()] == [str(task.id)]


def test_a_worker_that_always_finds_something_finds_new_partitions_too(acme, make_task, monkeypatch):
    monkeypatch.setattr("queueapp.claiming.http_workers.REFRESH_SECONDS", 0.0)
    claim = partial(claim_for_tenant, new_id(), acme.id, Capabilities(None), 1)
    for _ in range(3):
        make_task(priority=1)
    assert claim()
    new = make_task(type="sample.noop", priority=10)
    assert claim()
    assert [row["id"] for row in claim()] == [new.id]
