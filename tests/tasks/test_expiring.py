"""A task that expires: no attempt starts from its moment on, whoever is late, and it is cancelled with the reason."""

import logging
import time
from datetime import timedelta

import pytest
from django.db import connection

from queueapp import clock, handlers, maintenance, retry, submit, submit_many, task
from queueapp.claiming import Capabilities
from queueapp.claiming.http_workers import claim_for_tenant
from queueapp.errors import InvalidTask
from queueapp.hooks import on_transition
from queueapp.models import Queue, Task, TaskLog
from queueapp.models.base import Now, new_id
from queueapp.tasks.diagnosis import why
from queueapp.tasks.settle import OutcomeKind, settle
from queueapp.tenancy import bind_tenant, operator_scope, worker_scope
from queueapp.worker.executor import Executor
from queueapp.worker.interrupts import Interrupter
from tests.commands.calling import create_worker
from tests.factories import attempt_at, fresh
from tests.tasks.workers import Worker
from tests.worker.claimers import claimer


@pytest.fixture(autouse=True)
def bound(acme):
    with bind_tenant(acme.id):
        yield


def pass_by(*tasks):
    """Their moments come."""
    with operator_scope("operator:test"):
        Task.objects.filter(id__in=[each.id for each in tasks]).update(expires_at=Now() - timedelta(milliseconds=1))


def moves(of):
    with operator_scope("operator:test"):
        return [
            (move.from_status, move.to_status, move.reason, move.actor.partition(":")[0])
            for move in TaskLog.objects.filter(task_id=of.id, kind="transition").order_by("id")
        ]


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({"expires_seconds": 60}, 60),
        ({"expires_seconds": 60, "delay_seconds": 100}, 160),
        ({}, None),
    ],
)
@pytest.mark.parametrize("more", [{}, {"dedup": {"key": "one"}}])
def test_it_expires_so_long_after_it_is_due(options, seconds, more):
    task = submit("echo", {"msg": "a"}, **options, **more)
    (many,) = submit_many([{"type": "echo", **options}])
    with operator_scope("operator:test"):
        for made in (task, *Task.objects.filter(id__in=[task.id, many])):
            expected = None if seconds is None else made.created_at + timedelta(seconds=seconds)
            assert made.expires_at == expected


def test_it_expires_at_a_moment():
    moment = clock.now() + timedelta(hours=1)
    made = submit("echo", expires_at=moment.isoformat(), delay_seconds=60)
    assert made.expires_at == fresh(made).expires_at == moment


def test_a_type_may_say_so(monkeypatch):
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))

    def remind(name: str) -> None: ...

    remind = task("test.remind", expires_seconds=60)(remind)
    made, own, later = (
        remind.submit("Ada"),
        remind.using(expires_seconds=90).submit("Ada"),
        remind.using(expires_at=clock.now() + timedelta(days=1)).submit("Ada"),
    )
    assert [(each.expires_at - each.run_at).total_seconds() for each in (made, own)] == [60, 90]
    assert later.expires_at - later.run_at > timedelta(hours=23)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"expires_seconds": 0}, "expires_seconds"),
        ({"expires_seconds": "60"}, "expires_seconds"),
        ({"expires_seconds": 1e12}, "expires_seconds"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": timedelta(days=2), "expires_seconds": 60}, "expires_at"),
        ({"expires_at": timedelta(days=2), "run_at": timedelta(days=2)}, "expires_at"),
        ({"expires_at": timedelta(days=2), "delay_seconds": 3 * 86_400}, "expires_at"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(options, field):
    now = clock.now()
    options = {name: now + value if isinstance(value, timedelta) else value for name, value in options.items()}
    with pytest.raises(InvalidTask) as refused:
        submit("echo", **options)
    assert [error.field for error in refused.value.errors] == [field]


@pytest.mark.parametrize("strategy", Queue.Strategy.values)
def test_claims_pass_it_over_however_late_maintenance_is(make_task, strategy):
    old, alive, new = make_task(), make_task(), make_task()
    pass_by(old, new)
    claiming = claimer(strategy)
    assert [each.id for each in claiming.claim()] == [alive.id]
    assert claiming.claim() == []


def test_many_that_expired_hold_up_nobody_behind_them(acme):
    submit_many([{"type": "echo"}] * 300)
    with operator_scope("operator:test"):
        Task.objects.update(expires_at=Now())
    alive = submit("echo")
    assert Worker().claim().id == alive.id


@pytest.mark.parametrize("strategy", ["lifo", "priority"])
def test_workers_over_http_get_none(make_task, acme, strategy):
    with operator_scope("operator:test"):
        Queue.objects.filter(name="default").update(strategy=strategy)
    expired, alive = make_task(), make_task()
    pass_by(expired)
    assert [row["id"] for row in claim_for_tenant(new_id(), acme.id, Capabilities(None), 10)] == [alive.id]


@pytest.mark.parametrize("status", ["scheduled", "blocked", "queued", "failed"])
def test_what_has_not_started_is_cancelled_with_the_reason(make_task, status, caplog):
    told = []
    on_transition(told.extend)
    task, other = make_task(status), make_task(status)
    pass_by(task)
    with caplog.at_level(logging.INFO):
        maintenance.run_once()
    cancelled = fresh(task)
    assert (cancelled.status, cancelled.error_code, cancelled.error_detail) == ("cancelled", "expired", None)
    assert cancelled.error_message == f"It had not started by {cancelled.expires_at:%Y-%m-%d %H:%M:%S} UTC."
    assert moves(task)[-1] == (status, "cancelled", "expired", "system")
    assert (task.id, status, "cancelled") in told
    assert [record.task_id for record in caplog.records if getattr(record, "event", "") == "task_expired"] == [
        str(task.id)
    ]
    assert fresh(other).status == status
    assert [reason.code for reason in why(cancelled)] == ["expired"]


def test_what_has_started_goes_on_and_is_not_started_again(make_task):
    worker, task = Worker(), make_task(max_retries=3)
    worker.claim()
    pass_by(task)
    maintenance.run_once()
    assert fresh(task).status == "leased"
    assert worker.settle(task.id, 1, OutcomeKind.ERROR, error_code="Broken", error_message="It broke.") == "failed"
    maintenance.run_once()
    assert fresh(task).error_code == "expired"
    assert [move[1:3] for move in moves(task)[-2:]] == [("failed", "Broken"), ("cancelled", "expired")]


def test_what_comes_back_too_late_is_not_started_again(make_task):
    worker, task = Worker(), make_task()
    worker.claim()
    pass_by(task)
    assert worker.settle(task.id, 1, OutcomeKind.RELEASED) == "queued"
    assert worker.claim() is None


def test_what_waited_behind_others_of_its_batch_is_not_started(background):
    task = submit("sample.fail", expires_seconds=0.2)
    worker = Worker()
    claimed = worker.claim()
    while time.monotonic() < claimed.start_before:
        time.sleep(0.01)
    outcome = Executor(background, Interrupter()).execute(attempt_at(claimed, worker.id))
    assert settle(worker.id, [outcome]) == {task.id: "cancelled"}
    assert moves(task)[-1] == ("leased", "cancelled", "expired", "worker")
    assert fresh(task).error_message == "It was claimed in time, and expired before its worker came to it."


def test_a_retry_by_hand_takes_the_expiry_away(make_task):
    task = make_task()
    pass_by(task)
    maintenance.run_once()
    again = retry(task.id)
    assert (again.status, again.expires_at, again.error_code) == ("queued", None, "")
    assert Worker().claim().id == task.id


def test_a_cancel_does_not_repeat_an_earlier_error(make_task):
    task = make_task("failed")
    with operator_scope("operator:test"):
        Task.objects.filter(id=task.id).update(status="cancelled", finished_at=Now())
    assert moves(task)[-1] == ("failed", "cancelled", "cancel", "operator")


def test_the_inbox_shows_none(make_task):
    expired, alive = make_task(), make_task()
    pass_by(expired)
    with worker_scope(create_worker().id), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM worker_inbox")
        assert cursor.fetchall() == [(alive.id,)]


def test_a_waiting_one_says_when_it_expires():
    task = submit("echo", expires_seconds=60)
    expiry = [reason for reason in why(task) if reason.code == "expires"]
    assert [reason.detail for reason in expiry] == [{"expires_at": task.expires_at}]
