"""Claiming: the order of each strategy, capabilities, sets, pauses and fences, on the real database."""

import json
from collections import Counter
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueapp.claiming import batch_size
from queueapp.claiming.duty_cycle import DutyCycle
from queueapp.models import Queue, Task, Worker
from queueapp.models.base import new_id
from queueapp.tasks.settle import Outcome, OutcomeKind, settle
from queueapp.tenancy import operator_scope, system_scope, worker_scope
from queueapp.type_patterns import meets, type_matches
from tests.factories import fresh
from tests.sql_queries import ask
from tests.waiting import threads
from tests.worker.claimers import claimer, submit


def claimed_ids(claimer):
    return [task.id for task in claimer.claim()]


def insert_task(tenant, type="echo", requirements="{}"):
    """A queued task as raw SQL makes it, of any type."""
    with operator_scope("operator:test"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO taskrunner_tasks (tenant_id, type, queue, requirements, status)"
            " VALUES (%s, %s, 'default', %s, 'queued')",
            [tenant.id, type, requirements],
        )


def inbox(capabilities):
    """What the view worker_inbox shows a worker with these capabilities."""
    worker_id, process = new_id(), {"host": "here", "pid": 1, "machine": "m", "start_ticks": 0}
    with worker_scope(worker_id):
        Worker.objects.create(
            id=worker_id, cluster_id=new_id(), queues=["default"], capabilities=capabilities, **process
        )
        return ask("SELECT array_agg(id::text) FROM worker_inbox")


@pytest.mark.parametrize(
    ("strategy", "order"), [("fifo", "low high middle"), ("lifo", "middle high low"), ("priority", "high middle low")]
)
def test_order(acme, strategy, order):
    ids = {submit(acme, priority=priority)[0]: name for name, priority in (("low", 1), ("high", 10), ("middle", 5))}
    assert " ".join(ids[id] for id in claimed_ids(claimer(strategy))) == order


@pytest.mark.parametrize("strategy", Queue.Strategy.values)
def test_every_priority_that_a_task_may_have_is_claimed(acme, globex, make_task, monkeypatch, strategy):
    """Those of django.tasks too, also where others of the tenant wait already."""
    worker, made = claimer(strategy), []
    monkeypatch.setattr(DutyCycle, "allows", True)
    for priorities in ((5, 11), (-95, 0, 1, 5, 10, 105)):
        made += [make_task(priority=priority, tenant=tenant).id for priority in priorities for tenant in (acme, globex)]
        worker._poll()
    assert sorted(id for ids in iter(partial(claimed_ids, worker), []) for id in ids) == sorted(made)


def test_an_idle_workers_claim_is_one_message_to_the_database(acme):
    worker = claimer()
    submit(acme)
    assert len(worker.claim()) == 1
    (task_id,) = submit(acme)
    with CaptureQueriesContext(connection) as queries:
        assert claimed_ids(worker) == [task_id]
    (message,) = [query["sql"] for query in queries]
    assert message.startswith("SELECT set_config") and "EXECUTE claim_fifo" in message
    with threads(1) as start:
        seen = start(lambda: fresh(Task(id=task_id))).result()
    assert (seen.status, seen.worker_id) == ("leased", worker.worker_id)  # committed: others see it


def test_weighted_random_draws_in_proportion_to_priority(acme):
    weights = {1: 1, 3: 3, 6: 6, 10: 10}
    for priority in weights:
        submit(acme, 1_500, priority=priority)
    worker = claimer("weighted_random")
    drawn = Counter()
    for _ in range(100):
        tasks = worker.claim()  # handed back below, so that every level always has something waiting
        with operator_scope("operator:test"):
            drawn.update(Task.objects.filter(id__in=[task.id for task in tasks]).values_list("priority", flat=True))
        settle(worker.worker_id, [Outcome(task.id, task.attempt, OutcomeKind.RELEASED) for task in tasks])
    total = sum(drawn.values())
    assert total == 10_000
    expected = {priority: total * weight / 20 for priority, weight in weights.items()}
    chi_square = sum((drawn[priority] - expected[priority]) ** 2 / expected[priority] for priority in weights)
    print(f"{dict(drawn)}, chi-square {chi_square:.1f} on 3 degrees of freedom")
    assert chi_square < 30.7, drawn  # a correct draw exceeds this once in a million runs


def test_fair_serves_tenants_in_turn(acme, globex):
    submit(acme, 500)
    lone = submit(globex)[0]
    worker = claimer("fair")
    assert lone in claimed_ids(worker)[:2]
    submit(globex, 100)
    worker = claimer("fair")
    tenants = Counter(task.tenant_id for task in worker.claim())
    assert tenants == {acme.id: 50, globex.id: 50}


def test_capabilities_and_requirements(acme):
    youtube = submit(acme, type="IdeaInspiration.Sources.YouTube", requirements={"region": "eu-west-1"})[0]
    classification = submit(acme, type="IdeaInspiration.Classification")[0]
    elsewhere = submit(acme, type="IdeaInspiration.Sources.YouTube", requirements={"region": "us-east-1"})[0]
    worker = claimer(categories=("IdeaInspiration.Sources.*",), region="eu-west-1")
    assert claimed_ids(worker) == [youtube]
    assert claimed_ids(worker) == []
    several = claimer(region=["eu-west-1", "us-east-1"])
    assert {*claimed_ids(several), *claimed_ids(several)} == {classification, elsewhere}


@pytest.mark.parametrize(
    ("type", "pattern", "expected"),
    [
        ("a.b", "*", True),
        ("a.b", "a.b", True),
        ("a.b.c", "a.*", True),
        ("a", "a.*", False),
        ("x.a.b", "a.*", False),
        ("ab.c", "a.*", False),
        ("a.b", "a.b.*", False),
        ("aXb.c", "a_b.*", False),
    ],
)
def test_python_and_the_inbox_agree_on_types(acme, type, pattern, expected):
    insert_task(acme, type=type)
    assert type_matches(type, pattern) is expected
    assert bool(inbox({"categories": [pattern]})) is expected


@pytest.mark.parametrize(
    ("capabilities", "requirements", "expected"),
    [
        ({}, {}, True),
        ({}, {"gpu": True}, False),
        ({"gpu": True}, {"gpu": True}, True),
        ({"gpu": 1}, {"gpu": True}, False),
        ({"formats": ["mp4", "mkv"]}, {"formats": "mp4"}, True),
        ({"formats": ["mp4"]}, {"formats": "avi"}, False),
        ({"ram": 32}, {"ram": 32.0}, True),
        ({"gpu": [1]}, {"gpu": True}, False),
        ({"region": None}, {"region": "eu"}, False),
    ],
)
def test_python_and_the_inbox_agree_on_requirements(acme, capabilities, requirements, expected):
    insert_task(acme, requirements=json.dumps(requirements))
    assert meets(capabilities, requirements) is expected
    assert bool(inbox(capabilities)) is expected


def test_the_inbox_shows_what_this_worker_could_claim(acme):
    wanted = submit(acme, type="IdeaInspiration.Sources.YouTube")[0]
    submit(acme, type="IdeaInspiration.Classification")
    assert inbox({"categories": ["IdeaInspiration.Sources.*"]}) == [str(wanted)]


def test_a_paused_queue_gives_nothing(acme):
    submit(acme)
    with operator_scope("operator:test"):
        Queue.objects.filter(name="default").update(paused_at="2026-01-01T00:00Z")
    assert claimed_ids(claimer()) == []


def test_sets_adapt_to_how_long_a_type_takes(acme):
    submit(acme, 300)
    worker = claimer()
    worker.batch_sizes = batch_size.BatchSizes()
    assert len(worker.claim()) == 1  # never seen
    worker.batch_sizes.record("sample.noop", "default", 0.01)
    assert len(worker.claim()) == 10
    worker.batch_sizes.record("sample.noop", "default", 2.0)
    assert len(worker.claim()) == 1


def test_what_has_killed_a_worker_is_claimed_alone(acme, make_task):
    first = submit(acme, 3)
    crashed = make_task("queued", crash_count=1)
    last = submit(acme, 2)
    worker = claimer("fifo")
    sets = [claimed_ids(worker) for _ in range(3)]
    assert sets == [first, [crashed.id], last]


def test_few_are_claimed_together_of_a_type_that_is_settled_one_by_one(acme):
    alone = submit(acme, batch_size.SMALL_BATCH + 5, type="sample.alone")
    worker = claimer("fifo")
    assert [claimed_ids(worker) for _ in range(2)] == [alone[: batch_size.SMALL_BATCH], alone[batch_size.SMALL_BATCH :]]


def test_a_lower_sequence_that_commits_late_is_found(acme):
    """Cursors skip what lies before the head; a transaction that was open meanwhile must not be skipped for good."""
    worker = claimer("fifo")
    with operator_scope("operator:test"):
        early = Task(tenant_id=acme.id, type="sample.noop", queue="default", status="scheduled")
        early.save()
    submit(acme, 150)
    assert len(worker.claim()) == 100
    with system_scope("test"):
        Task.objects.filter(id=early.id).update(status="queued")
    found = claimed_ids(worker) + claimed_ids(worker)
    assert early.id in found


def test_concurrent_claimers_never_share_a_task(acme):
    submit(acme, 2_000)

    def drain(_):
        worker = claimer()
        taken = []
        while tasks := worker.claim():
            taken += [task.id for task in tasks]
        return taken

    with threads(4) as run:
        taken = [id for future in [run(drain, n) for n in range(4)] for id in future.result()]
    assert len(taken) == len(set(taken)) == 2_000


def test_a_worker_that_lost_its_lease_settles_nothing(acme):
    ids = submit(acme, 1_000)
    stale, other = claimer(), claimer()
    first = [task for _ in range(10) for task in stale.claim()]
    assert len(first) == 1_000
    with system_scope("test"):
        Task.objects.filter(status="leased").update(
            status="queued", lease_expires_at=None, worker_id=None, crash_count=1
        )
        Task.objects.filter(id__in=ids).update(crash_count=0)
    second = [task for _ in range(10) for task in other.claim()]
    assert settle(stale.worker_id, [Outcome(task.id, task.attempt, OutcomeKind.COMPLETED) for task in first]) == {}
    assert (
        len(settle(other.worker_id, [Outcome(task.id, task.attempt, OutcomeKind.COMPLETED) for task in second]))
        == 1_000
    )
    # and nothing twice
    assert settle(other.worker_id, [Outcome(task.id, task.attempt, OutcomeKind.COMPLETED) for task in second]) == {}
