"""Order: whatever overtakes, dies, waits or is cancelled, a key goes through its changes as they were accepted."""

from threading import Event

import pytest
from django.db import InterfaceError, OperationalError, transaction

from configapp.changes import ChangeRequest, submit_change, submit_changes
from configapp.changes import apply as applying_module
from configapp.changes.apply import apply_changes
from configapp.models import ConfigChange
from queueapp import tasks
from queueapp.models import Task
from queueapp.tenancy import operator_scope, tenant_scope
from tests.configapp.applying import ALICE, BOB, ConfigWorker, fresh, records, task, versions
from tests.tasks.staging import held_open, in_turn, meanwhile
from tests.tasks.workers import expire_lease
from tests.waiting import PATIENCE_SECONDS, sessions_waiting_for_a_lock, threads, wait_until

PORT, DEBUG, WORKERS = "app.api_port", "app.debug", "app.workers"


def set_port(value):
    return lambda: submit_change(PORT, value, actor=ALICE)


def test_a_later_task_that_comes_first_applies_the_earlier_changes_before_its_own(config_worker):
    first, other, last = set_port(9001)(), submit_change(DEBUG, True, actor=BOB), set_port(9002)()
    with operator_scope("operator:test"):
        Task.objects.filter(id=last.task_id).update(priority=10)
    ended = config_worker.run_all()
    assert ended[0].id == last.task_id
    assert versions(PORT) == [(1, 9001), (2, 9002)]
    assert {record.task_id for record in records()} == {last.task_id}  # who applied them
    assert [each.status for each in ended] == ["completed"] * 3
    assert task(first.task_id).result == {
        "outcome": "applied",
        "versions": {PORT: 1},
        "applied_by": str(last.task_id),
    }
    assert fresh(other).applied_by == last.task_id


def test_a_task_does_not_apply_what_was_accepted_after_its_own_change(config_worker):
    first, last = set_port(9001)(), set_port(9002)()
    done = config_worker.run(config_worker.claim())
    assert done.id == first.task_id
    assert versions(PORT) == [(1, 9001)]
    assert fresh(last).status == "accepted"


def test_who_submits_later_for_a_key_waits_and_has_the_larger_number(clean_database):
    later = in_turn(set_port(9001), set_port(9002))
    with operator_scope("operator:test"):
        first = ConfigChange.objects.get(value="9001")
    assert first.submission < later.submission


def test_submissions_for_different_keys_do_not_wait_for_each_other(clean_database):
    assert meanwhile(set_port(9001), lambda: submit_change(DEBUG, True, actor=BOB)).status == "accepted"


def test_bulks_over_the_same_keys_in_any_order_do_not_block_each_other_for_ever(config_worker):
    keys = (PORT, WORKERS)
    orders = [keys, tuple(reversed(keys))] * 10
    requests = [
        [ChangeRequest(key, 2000 + n if key == PORT else n % 16 + 1) for key in keys] for n, keys in enumerate(orders)
    ]
    with threads(4) as run:
        accepted = [run(lambda items=items: submit_changes(items, actor=ALICE)) for items in requests]
        changes = [future.result(PATIENCE_SECONDS) for future in accepted]
    config_worker.run_all()
    by_number = sorted(changes, key=lambda each: each[0].submission)
    for key in keys:
        values = [next(int(c.value) for c in change if c.config_key == key) for change in by_number]
        assert versions(key) == list(enumerate(values, start=1))


def applying(config_worker, claimed):
    """What a handler does, without the end of its transaction."""

    def apply():
        with tenant_scope(claimed.tenant_id, actor=f"client:task:{claimed.id}"):
            apply_changes(claimed.id)

    return apply


def test_two_appliers_take_turns_and_the_second_finds_the_work_of_the_first_done(clean_database):
    one, two = ConfigWorker(), ConfigWorker()
    set_port(9001)()
    set_port(9002)()
    earlier, later = one.claim(), two.claim()
    with threads(2) as run:
        with held_open(run, applying(two, later), rollback=True):
            waiting = run(one.run, earlier)
            wait_until(lambda: waiting.done() or sessions_waiting_for_a_lock())
            assert not waiting.done()
        assert waiting.result(PATIENCE_SECONDS).status == "completed"  # the other rolled back: this one did it
    assert versions(PORT) == [(1, 9001)]
    two.run(later)
    assert versions(PORT) == [(1, 9001), (2, 9002)]


def test_an_applier_that_is_stopped_holds_the_others_up_for_a_moment_only(clean_database, monkeypatch):
    monkeypatch.setattr(applying_module, "LIMIT_IDLE_TIME", "SET LOCAL idle_in_transaction_session_timeout = '300ms'")
    stopped, other = ConfigWorker(), ConfigWorker()
    set_port(9001)()
    set_port(9002)()
    earlier, later = stopped.claim(), other.claim()
    applied, go_on = Event(), Event()

    def stop_before_the_commit():
        with transaction.atomic():
            applying(stopped, earlier)()
            applied.set()
            assert go_on.wait(PATIENCE_SECONDS)
            ConfigChange.objects.count()  # its session is gone

    with threads(2) as run:
        sleeping = run(stop_before_the_commit)
        assert applied.wait(PATIENCE_SECONDS)
        assert run(other.run, later).result(PATIENCE_SECONDS).status == "completed"
        go_on.set()
        with pytest.raises((OperationalError, InterfaceError)):
            sleeping.result(PATIENCE_SECONDS)
    assert versions(PORT) == [(1, 9001), (2, 9002)]
    assert len(records()) == 2


def test_what_a_rolled_back_applier_did_is_done_once_by_the_next(config_worker):
    change = set_port(9001)()
    claimed = config_worker.claim()
    with transaction.atomic():
        applying(config_worker, claimed)()
        transaction.set_rollback(True)  # the process dies before the commit
    assert versions(PORT) == []
    expire_lease(claimed.id)
    (done,) = ConfigWorker().run_all()
    assert (done.id, done.status, done.attempt) == (change.task_id, "completed", 2)
    assert versions(PORT) == [(1, 9001)]
    assert len(records()) == 1


def test_a_worker_that_lost_its_lease_applies_nothing(config_worker):
    set_port(9001)()
    claimed = config_worker.claim()
    expire_lease(claimed.id)
    assert config_worker.run(claimed).status == "queued"
    assert versions(PORT) == []
    assert records() == []


def test_a_change_that_is_brought_twice_is_applied_once(config_worker):
    change = set_port(9001)()
    config_worker.run_all()
    with tenant_scope(task(change.task_id).tenant_id):
        assert apply_changes(change.task_id)["versions"] == {PORT: 1}
    assert versions(PORT) == [(1, 9001)]
    assert len(records()) == 1


def test_a_change_whose_task_is_a_dead_letter_is_brought_by_the_next_one_in_its_place(config_worker):
    lost = set_port(9001)()
    for _ in range(3):
        expire_lease(config_worker.claim().id)
    assert task(lost.task_id).status == "dead_letter"
    assert fresh(lost).status == "accepted"
    set_port(9002)()
    config_worker.run_all()
    assert versions(PORT) == [(1, 9001), (2, 9002)]


def test_a_dead_letter_that_is_retried_brings_its_change(config_worker):
    lost = set_port(9001)()
    for _ in range(3):
        expire_lease(config_worker.claim().id)
    tasks.retry(lost.task_id, tenant_id=task(lost.task_id).tenant_id)
    config_worker.run_all()
    assert versions(PORT) == [(1, 9001)]


def cancel(change):
    with operator_scope(BOB):
        return tasks.cancel(change.task_id)


def test_to_cancel_the_task_is_to_drop_the_change_at_once_and_on_record(config_worker):
    change = set_port(9001)()
    assert cancel(change).status == "cancelled"
    assert fresh(change).status == "cancelled"
    (record,) = records()
    assert (record.actor, record.status, record.reason, record.version) == (BOB, "failure", "cancelled", None)
    set_port(9002)()
    config_worker.run_all()
    assert versions(PORT) == [(1, 9002)]


def test_a_cancelled_task_that_is_retried_finds_its_change_dropped(config_worker):
    change = set_port(9001)()
    cancel(change)
    tasks.retry(change.task_id, tenant_id=task(change.task_id).tenant_id)
    (done,) = config_worker.run_all()
    assert done.result["outcome"] == "cancelled"
    assert versions(PORT) == []


def test_a_cancel_that_waits_for_the_change_to_be_applied_leaves_it_applied(config_worker):
    first, last = set_port(9001)(), set_port(9002)()
    with operator_scope("operator:test"):
        Task.objects.filter(id=last.task_id).update(priority=10)
    claimed = config_worker.claim()
    assert claimed.id == last.task_id
    assert in_turn(applying(config_worker, claimed), lambda: cancel(first)).status == "cancelled"
    assert fresh(first).status == "applied"
    assert len(records()) == 2
