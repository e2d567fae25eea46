"""Statements that lock many rows take them in one order, or pass by: two of them cannot deadlock.

Each pair is staged to meet at a row between, held by a third session until both wait: taken in the wrong order,
each would by then hold what the other wants next.
"""

from datetime import UTC, datetime

from django.db import connection

from queueapp import tasks
from queueapp.db import statements
from queueapp.models import DedupKey
from queueapp.tenancy import operator_scope, system_scope, worker_scope
from tests.tasks.staging import held_open
from tests.tasks.workers import Worker
from tests.waiting import PATIENCE_SECONDS, sessions_waiting_for_a_lock, threads, wait_until


def meet(between, one, other, *, rollback=False):
    """Hold `between` open until `one` and `other` wait for it or are through; returns what these came to."""
    with threads(3) as run:
        with held_open(run, between, rollback=rollback):
            both = run(one), run(other)
            wait_until(lambda: sum(each.done() for each in both) + sessions_waiting_for_a_lock() == 2)
        return [each.result(PATIENCE_SECONDS) for each in both]


def submit(acme, *keys):
    items = [{"type": "echo", "dedup": {"key": key}} for key in keys]
    return lambda: tasks.submit_many(items, tenant_id=acme.id)


def prune():
    with system_scope("maintenance"):
        return statements.rows("prune", {"batch": 1000})


def test_batches_that_name_keys_in_opposite_order(acme):
    there, back = meet(submit(acme, "m"), submit(acme, "a", "m", "z"), submit(acme, "z", "m", "a"), rollback=True)
    assert there == back[::-1]


def test_a_batch_that_takes_expired_keys_and_pruning(acme):
    for key in "zma":  # pruning finds them as they lie
        submit(acme, key)()
    with operator_scope("operator:test"):
        DedupKey.objects.update(expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    batch, _ = meet(submit(acme, "m"), submit(acme, "a", "m", "z"), prune, rollback=True)
    with operator_scope("operator:test"):
        assert set(DedupKey.objects.values_list("task_id", flat=True)) == set(batch)


def test_a_bulk_cancel_and_a_workers_beat(make_task, acme):
    worker = Worker()
    first, middle, last = (make_task("leased", worker_id=worker.id).id for _ in range(3))
    # as claimed, which need not be by id
    beat = {"ids": [last, middle, first], "attempts": [1, 1, 1], "progress": [None] * 3, "renew": True}

    def renew():
        with worker_scope(worker.id), connection.cursor() as cursor:
            for other_way in ("hashjoin", "mergejoin", "seqscan", "bitmapscan"):  # leaves the plan of a big table
                cursor.execute(f"SET LOCAL enable_{other_way} = off")
            return statements.rows("renew_leases", {**beat, "worker_id": worker.id, "lease_seconds": 30})

    cancelled, renewed = meet(
        lambda: tasks.cancel(middle, tenant_id=acme.id),
        lambda: tasks.cancel_many([first, middle, last], tenant_id=acme.id),
        renew,
    )
    assert [outcome.status for outcome in cancelled] == ["leased"] * 3
    assert len(renewed) == 3
