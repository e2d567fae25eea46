"""Thousands of partitions: a claim costs what it takes, and the order is that of the strategy all the same."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueapp import tasks
from queueapp.claiming.batch_size import BatchSizes
from queueapp.claiming.duty_cycle import DutyCycle
from queueapp.claiming.strategies.sub_queues import FEW
from queueapp.claiming.strategies.window import END, Window
from queueapp.models import Queue
from queueapp.tenancy import operator_scope, worker_scope
from tests.sql_queries import entries_read
from tests.waiting import wait_until
from tests.worker.claimers import claimer, submit

PARTITIONS = FEW + 50


def mixed(tenant, count, *, priorities=(5,), every=1):
    """Submit tasks of all partitions in a mixed order; of the numbers of arrival each task gets one among `every`."""
    draw = random.Random(7)
    requests = []
    for _ in range(count):
        requests += [{"type": "sample.noop", "queue": "elsewhere"}] * (every - 1)
        region = draw.randrange(PARTITIONS)
        requests.append(
            {"type": "sample.noop", "requirements": {"region": region}, "priority": draw.choice(priorities)}
        )
    ids = tasks.submit_many(requests, tenant_id=tenant.id)
    return [(id, request["priority"]) for id, request in zip(ids, requests, strict=True) if request.get("requirements")]


def claim_all(worker):
    claimed = []
    while batch := worker.claim():
        claimed += [task.id for task in batch]
    return claimed


@pytest.fixture
def elsewhere():
    """A queue that this worker does not serve."""
    with operator_scope("operator:test"):
        Queue.objects.create(name="elsewhere")


def everywhere(strategy):
    return claimer(strategy, region=list(range(PARTITIONS)))


@pytest.mark.parametrize("every", [1, 12])
def test_fifo_takes_all_partitions_in_the_order_of_arrival(acme, elsewhere, every):
    submitted = [id for id, _ in mixed(acme, 900, priorities=(1, 5, 10), every=every)]
    assert claim_all(everywhere("fifo")) == submitted


@pytest.mark.parametrize("every", [1, 12])
def test_priority_takes_the_urgent_of_all_partitions_first(acme, elsewhere, every):
    submitted = mixed(acme, 900, priorities=(2, 5, 5, 5, 9), every=every)
    expected = [id for id, _ in sorted(submitted, key=lambda item: -item[1])]  # stable
    assert claim_all(everywhere("priority")) == expected


@pytest.mark.parametrize("strategy", Queue.Strategy.values)
def test_every_strategy_finds_what_waits_in_any_of_them(acme, strategy):
    worker = everywhere(strategy)
    for _ in range(2):
        submitted = {id for id, _ in mixed(acme, 400, priorities=(1, 10))}
        assert set(claim_all(worker)) == submitted


@pytest.mark.parametrize("strategy", ["fifo", "priority"])
def test_a_claim_reads_about_as_much_as_it_takes(acme, strategy):
    mixed(acme, 3_000)
    worker = everywhere(strategy)
    worker.claim()
    with worker_scope(worker.worker_id):
        before = entries_read("^tr_task_ready_by_")
        taken = sum(len(worker.claim()) for _ in range(5))
        read = entries_read("^tr_task_ready_by_") - before
    assert taken == 500
    assert read < 8 * taken  # each claim would read all 3,000 otherwise


def test_queues_with_nothing_waiting_cost_no_statement(acme):
    names = [f"queue-{number}" for number in range(20)]
    with operator_scope("operator:test"):
        Queue.objects.bulk_create([Queue(name=name) for name in names])
    worker = claimer(queues=("default", *names))
    for name in names:
        submit(acme, queue=name)
    claim_all(worker)
    submit(acme, 300)
    worker.claim()  # finds nothing where it knows of something, and polls
    with CaptureQueriesContext(connection) as queries:
        assert len(worker.claim()) == 100
    assert len(queries) == 1


def test_what_a_notification_names_is_claimed_before_any_poll(acme):
    worker = claimer()
    submit(acme)
    claim_all(worker)
    (task_id,) = submit(acme)
    with CaptureQueriesContext(connection) as queries:
        assert [task.id for task in worker.claim(notified="default")] == [task_id]
    assert len(queries) == 1


def test_while_polls_are_held_back_claims_look_into_every_queue(acme, monkeypatch):
    worker = claimer()
    submit(acme)
    claim_all(worker)
    monkeypatch.setattr(DutyCycle, "allows", False)
    submit(acme)
    wait_until(worker.claim)


def test_a_type_never_seen_is_taken_for_an_average_one_of_its_queue():
    sizes = BatchSizes()
    assert sizes.of(["new"], "mail") == [1]
    sizes.record("letter", "mail", 0.01)
    assert sizes.of(["new", "letter"], "mail") == [10, 10]
    assert sizes.of(["new"], "other") == [1]
    sizes.record("parcel", "mail", 3.0)
    assert sizes.of(["new", "letter"], "mail") == [1, 10]


def test_a_window_grows_where_few_numbers_are_ours_and_shrinks_again():
    window = Window()
    window.begin(wanted=100, most=400)
    assert window.until(0, oldest=0, newest=10_000) == 200
    window.remember(seen=10, taken=10, last_by_rank={0: 190})
    window.begin(wanted=100, most=400)
    assert window.until(0, oldest=0, newest=10_000) == 600  # all up to 200 was taken
    window.remember(seen=400, taken=100, last_by_rank={0: 300})
    window.begin(wanted=100, most=400)
    assert window.until(0, oldest=0, newest=10_000) == 500
    assert window.until(0, oldest=9_900, newest=10_000) == END
    assert not window.is_bounded
