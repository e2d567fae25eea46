"""What claimers remember: no task is passed by for good, and what is done is not walked over again."""

import pytest

from queueapp.models import Queue
from queueapp.tasks.settle import Outcome, OutcomeKind, settle
from queueapp.tenancy import operator_scope, worker_scope
from tests.sql_queries import entries_read
from tests.tasks.staging import Undone, held_open, take_a_snapshot
from tests.waiting import threads
from tests.worker.claimers import claimer, submit

INDEXES = "^tr_task_ready_by_"

STRATEGIES = pytest.mark.parametrize("strategy", Queue.Strategy.values)


def drain(worker):
    """Run everything; the last claim finds nothing, so it has looked where the sub-queues begin."""
    taken = []
    while tasks := worker.claim():
        settle(worker.worker_id, [Outcome(task.id, task.attempt, OutcomeKind.COMPLETED) for task in tasks])
        taken += [task.id for task in tasks]
    return taken


@STRATEGIES
def test_a_task_that_is_committed_late_is_found(acme, globex, strategy):
    """Others that arrived after it were claimed meanwhile, and their sub-queues looked at again and again."""
    worker, late = claimer(strategy), []
    submit(acme)  # or the others would wait for their partition to be made
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
            assert worker.claim() == []  # looks where the sub-queues begin, and how far the horizon is
        submit(acme, 10)
        submit(globex, 10)
        with worker_scope(worker.worker_id):
            before = entries_read(INDEXES)
            assert len(worker.claim()) == 20
            assert entries_read(INDEXES) - before < 200  # of more than 3,000, each of which a snapshot keeps


@STRATEGIES
def test_a_submit_that_stays_open_while_no_other_transaction_ends_is_found(acme, strategy):
    """No snapshot tells that its id was given out: they know up to the last that ended."""
    worker, late = claimer(strategy), []
    submit(acme)
    drain(worker)
    with threads(1) as run, held_open(run, lambda: late.extend(submit(acme))):
        for _ in range(4):
            assert drain(worker) == []
    assert drain(worker) == late


@STRATEGIES
def test_a_paused_queue_keeps_its_place(acme, globex, strategy):
    """While it is paused its sub-queues are not looked at, but the horizon moves on."""
    worker = claimer(strategy)
    waiting = {*submit(acme, 3), *submit(globex, 3)}
    queue = Queue.objects.filter(name="default")
    set_pause(queue, "2026-01-01T00:00Z")
    for _ in range(4):
        assert worker.claim() == []
    set_pause(queue, None)
    assert set(drain(worker)) == waiting


def set_pause(queue, paused_at):
    with operator_scope("operator:test"):
        queue.update(paused_at=paused_at)
