"""What claimers remember: no task is passed by for good, and what is done is not walked over again."""

import pytest
from django.db import connection

from queueapp import lifecycle
from queueapp.claiming import Capabilities, Claimer
from queueapp.lifecycle.settling import Kind, Verdict, settle
from queueapp.models import Queue
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope, worker_scope
from tests.lifecycle.staging import Undone, held_open
from tests.waiting import sessions_waiting_for_a_lock, threads, wait_until

STRATEGIES = pytest.mark.parametrize("strategy", Queue.Strategy.values)

WAITING_WITHOUT_AN_ID = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = session_user AND wait_event_type = 'Lock' AND backend_xid IS NULL
"""


def claimer(strategy):
    """A claimer that takes sets of up to 100 from the start."""
    made = Claimer(new_id(), Capabilities(("default",)), strategy)
    made.pace.record("sample.noop", 0.0001)
    return made


def submit(tenant, count=1, **options):
    return lifecycle.submit_many([{"type": "sample.noop", **options}] * count, tenant_id=tenant.id)


def drain(worker):
    """Run everything; the last claim finds nothing, so it has looked where the lanes begin."""
    taken = []
    while tasks := worker.claim():
        settle(worker.worker_id, [Verdict(task.id, task.attempt, Kind.COMPLETED) for task in tasks])
        taken += [task.id for task in tasks]
    return taken


@STRATEGIES
def test_a_task_that_is_committed_late_is_found(acme, globex, strategy):
    """Others that arrived after it were claimed meanwhile, and their lanes looked at again and again."""
    worker, late = claimer(strategy), []
    submit(acme)  # or the others would wait for their kind to be made
    drain(worker)
    with threads(1) as run:
        with held_open(run, lambda: late.extend(submit(acme))):
            for _ in range(4):
                others = {*submit(acme, 150), *submit(globex, 3)}
                assert set(drain(worker)) == others
        assert drain(worker) == late


@STRATEGIES
def test_a_claim_that_is_rolled_back_is_made_again(acme, globex, strategy):
    worker = claimer(strategy)
    ids = {*submit(acme, 150), *submit(globex, 50)}
    for _ in range(3):
        with pytest.raises(Undone), worker_scope(worker.worker_id):
            assert worker.claim()
            raise Undone
    assert set(drain(worker)) == ids


@STRATEGIES
def test_what_was_done_under_a_snapshot_is_not_walked_over(acme, globex, strategy):
    worker = claimer(strategy)
    with threads(1) as run, held_open(run, take_a_snapshot):
        for _ in range(4):
            submit(acme, 500, priority=7)
            submit(globex, 250)
            assert len(drain(worker)) == 750
        for _ in range(3):
            assert worker.claim() == []  # looks where the lanes begin, and how far the horizon is
        submit(acme, 10)
        submit(globex, 10)
        with worker_scope(worker.worker_id):
            before = entries_read()
            assert len(worker.claim()) == 20
            assert entries_read() - before < 200  # of more than 3,000, each of which a snapshot keeps


@STRATEGIES
def test_a_paused_queue_keeps_its_place(acme, globex, strategy):
    """While it is paused its lanes are not looked at, but the horizon moves on."""
    worker = claimer(strategy)
    waiting = {*submit(acme, 3), *submit(globex, 3)}
    queue = Queue.objects.filter(name="default")
    set_pause(queue, "2026-01-01T00:00Z")
    for _ in range(4):
        assert worker.claim() == []
    set_pause(queue, None)
    assert set(drain(worker)) == waiting


def test_whoever_draws_a_number_has_a_transaction_id(acme):
    """Or the horizon could pass a number of a transaction that nobody can see: here one that waits for a new kind."""

    def submit_a_new_kind():
        submit(acme, requirements={"region": "nowhere"})

    with threads(2) as run:
        with held_open(run, submit_a_new_kind):
            drawn_before = numbers_drawn()
            waiting = run(submit_a_new_kind)
            wait_until(sessions_waiting_for_a_lock)
            has_drawn = numbers_drawn() > drawn_before
            assert not has_drawn or ask(WAITING_WITHOUT_AN_ID) == 0
        waiting.result(30)


def take_a_snapshot():
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT 1")


def set_pause(queue, paused_at):
    with operator_scope("operator:test"):
        queue.update(paused_at=paused_at)


def entries_read():
    """Entries of the claim's indexes that this session has read since some moment, dead ones included."""
    return ask(
        "SELECT sum(pg_stat_get_xact_tuples_returned(oid))::integer FROM pg_class WHERE relname LIKE 'task_ready_%'"
    )


def numbers_drawn():
    with worker_scope(new_id()):
        return ask("SELECT last_value FROM task_ready_seq")


def ask(query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]
