"""on_transition: which moves are told, when, and that an observer breaks nothing."""

import logging

import pytest
from django.db import transaction

from queueapp import tasks
from queueapp.hooks import on_transition
from queueapp.tasks.settle import OutcomeKind
from queueapp.tenancy import tenant_scope
from tests.tasks.workers import Worker, expire_lease, make_due


@pytest.fixture
def told():
    moves = []
    on_transition(moves.extend)
    return moves


def submit(acme, **options):
    return tasks.submit("sample.noop", tenant_id=acme.id, **options)


def test_the_moves_of_a_task_s_life_are_told(acme, told):
    task, worker = submit(acme, max_retries=1), Worker()
    worker.claim()
    worker.settle(task.id, 1, OutcomeKind.ERROR)
    make_due(task.id)
    worker.claim()
    expire_lease(task.id)
    worker.claim()
    worker.settle(task.id, 3, OutcomeKind.PERMANENT)
    tasks.retry(task.id, tenant_id=acme.id)
    tasks.cancel(task.id, tenant_id=acme.id)
    assert [(move.from_status, move.to_status) for move in told if move.task_id == task.id] == [
        ("queued", "leased"),
        ("leased", "failed"),
        ("failed", "queued"),
        ("queued", "leased"),
        ("leased", "queued"),
        ("queued", "leased"),
        ("leased", "dead_letter"),
        ("dead_letter", "queued"),
        ("queued", "cancelled"),
    ]


def test_what_changes_no_status_is_not_told(acme, told):
    task, worker = submit(acme), Worker()
    worker.claim()
    told.clear()
    tasks.cancel(task.id, tenant_id=acme.id)  # asks the worker to stop
    assert worker.settle(task.id, 2, OutcomeKind.COMPLETED) is None  # not its attempt
    assert told == []


def test_it_is_told_after_the_commit_and_never_of_a_rollback(acme, told):
    task = submit(acme)
    with tenant_scope(acme.id):
        tasks.cancel(task.id)
        assert told == []
        transaction.set_rollback(True)
    assert told == []
    with tenant_scope(acme.id):
        tasks.cancel(task.id)
        assert told == []
    assert [move.to_status for move in told] == ["cancelled"]


def test_an_observer_that_fails_breaks_nothing(acme, caplog):
    @on_transition
    def broken(moves):
        raise RuntimeError("no such host")

    heard = []
    on_transition(heard.extend)
    task = submit(acme)
    with caplog.at_level(logging.ERROR):
        assert tasks.cancel(task.id, tenant_id=acme.id).status == "cancelled"
    assert len(heard) == 1
    failures = [record.event for record in caplog.records if record.levelno >= logging.ERROR]
    assert failures == ["hook_failed"]
