"""Firing: each slot once, with its task, whoever fires, and whatever the schedule, its tenant and the clock do."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from queueapp import maintenance
from queueapp.handlers import Handler, register
from queueapp.limits import tenant_limits
from queueapp.models import OperatorAction, Schedule, Task, TaskLog, Tenant
from queueapp.schedules import firing, service
from queueapp.schedules.requests import make_timing
from queueapp.schedules.slots import CATCH_UP_MOST
from queueapp.tenancy import operator_scope, system_scope
from queueapp.testing.clock import moved_clock
from tests.samples.handlers import Anything, noop
from tests.tasks.workers import Worker
from tests.waiting import sessions_waiting_for_a_lock, threads, wait_until

HOUR = timedelta(hours=1)


def outcomes(slots):
    return [slot.outcome for slot in slots]


def test_a_slot_its_task_and_the_progress_come_together(schedules, acme):
    options = {"priority": 8, "labels": ["nightly"], "max_retries": 2}
    schedule = schedules.make(acme, options=options)
    first = schedule.next_slot_at
    (slot,) = schedules.fire_after(hours=1)
    (task,) = schedules.tasks()
    assert (slot.slot_at, slot.outcome, slot.task_id) == (first, "fired", task.id)
    assert (task.type, task.params, task.status, task.run_at) == ("echo", {"msg": "x"}, "queued", first)
    assert (task.priority, task.labels, task.max_retries, task.tenant_id) == (8, ["nightly"], 2, acme.id)
    now = schedules.fresh(schedule)
    assert (now.decided_until, now.next_slot_at, now.last_task_id) == (first, first + HOUR, task.id)
    with operator_scope("operator:test"):
        (move,) = TaskLog.objects.filter(task_id=task.id)
    assert (move.actor, move.reason, move.to_status) == ("system:schedules", "submit", "queued")


def test_one_fire_a_slot_whoever_comes_again(schedules, acme):
    """Also where the progress was lost: by hand, or from a backup."""
    schedule = schedules.make(acme)
    schedules.fire_after(hours=1)
    assert schedules.fire_after(hours=1) == []
    with operator_scope("operator:test"):
        Schedule.objects.update(decided_until=schedule.decided_until, next_slot_at=schedule.next_slot_at)
    assert schedules.fire_after(hours=1) == []
    assert len(schedules.tasks()) == 1


def test_who_dies_between_leaves_nothing(schedules, acme):
    """The slot, its task and the progress are one transaction."""
    schedule = schedules.make(acme)
    with moved_clock(HOUR, using="owner"), transaction.atomic():
        with system_scope("maintenance"):
            assert firing.fire_due().rows == 1
            assert Task.objects.count() == 1
        transaction.set_rollback(True)
    assert (schedules.slots(), schedules.tasks()) == ([], [])
    assert schedules.fresh(schedule).next_slot_at == schedule.next_slot_at
    assert outcomes(schedules.fire_after(hours=1)) == ["fired"]


def test_two_who_fire_at_once_take_different_schedules(schedules, acme):
    for number in range(6):
        schedules.make(acme, name=f"s{number}")
    barrier = threading.Barrier(2, timeout=60)

    def fire(most):
        with system_scope("maintenance"):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")  # the transaction is open, and its time is the same for both
            barrier.wait()
            fired = firing.fire_due().rows
            barrier.wait()  # both hold what they took
        return fired

    with moved_clock(HOUR, using="owner"), threads(2) as run:
        fired = [each.result() for each in [run(fire, 100), run(fire, 100)]]
    assert sum(fired) == 6
    assert len(schedules.tasks()) == len(schedules.slots(outcome="fired")) == 6


@pytest.mark.parametrize(("missed", "fired"), [("skip", 0), ("latest", 1), ("all", 5)])
def test_what_was_missed_is_made_up_for_as_the_schedule_says(schedules, acme, missed, fired):
    schedule = schedules.make(acme, missed=missed, every_seconds=7200)
    first = schedule.next_slot_at
    until = first + timedelta(hours=8, minutes=30) - schedule.decided_until
    slots = schedules.fire_after(seconds=until.total_seconds())
    assert outcomes(slots).count("fired") == len(schedules.tasks()) == fired
    skipped = [slot for slot in slots if slot.outcome == "skipped_missed"]
    if missed == "all":
        assert skipped == []
    else:
        (span,) = skipped
        assert span.slot_at == first
        assert missed == "skip" or span.skipped_until == slots[-1].slot_at == first + timedelta(hours=8)
    assert schedules.fresh(schedule).next_slot_at == first + timedelta(hours=10)


def test_catching_up_has_an_end(schedules, acme):
    schedule = schedules.make(acme, every_seconds=1, missed="all")
    schedules.fire_after(hours=1)
    fires = [slot.slot_at for slot in schedules.slots(outcome="fired")]
    assert CATCH_UP_MOST <= len(fires) <= CATCH_UP_MOST + 120  # and those that were not late
    assert fires == [fires[0] + timedelta(seconds=second) for second in range(len(fires))]
    (span,) = schedules.slots(outcome="skipped_missed")
    assert (span.slot_at, span.skipped_until) == (schedule.next_slot_at, fires[0])


def test_overlap(schedules, acme):
    strict = schedules.make(acme, name="strict", overlap="skip")
    schedules.make(acme, name="loose")
    assert outcomes(schedules.fire_after(hours=1)) == ["fired"] * 2
    assert sorted(outcomes(schedules.fire_after(hours=2))) == ["fired", "skipped_overlap"]
    worker = Worker()
    while claimed := worker.claim():
        worker.settle(claimed.id, claimed.attempt, "completed", result="null")
    assert outcomes(schedules.fire_after(hours=3)) == ["fired"] * 2
    assert len(schedules.slots(schedule=strict, outcome="fired")) == 2


def test_of_slots_that_are_due_together_one_fires_without_overlap(schedules, acme):
    schedules.make(acme, overlap="skip", missed="all")
    assert outcomes(schedules.fire_after(hours=3)) == ["fired", "skipped_overlap", "skipped_overlap"]


def test_what_is_refused_says_why_and_stops_no_other(schedules, acme, registry):
    def burst(params, tenant_id):
        raise ZeroDivisionError("no such luck")

    register(Handler(type="sample.short-lived", function=noop, params=Anything))
    register(Handler(type="sample.bursting", function=noop, params=Anything))
    wanted = {"gone": "sample.short-lived", "bursting": "sample.bursting", "too-long": "sleep", "fine": "echo"}
    params = {"too-long": {"seconds": 1}}
    made = {
        name: schedules.make(acme, name=name, type=type, params=params.get(name, {})) for name, type in wanted.items()
    }
    del registry["sample.short-lived"]
    del registry["sample.bursting"]
    register(Handler(type="sample.bursting", function=noop, params=Anything, validate=burst))
    with operator_scope("operator:test"):  # as if the type took less than it did
        Schedule.objects.filter(name="too-long").update(params={"seconds": "soon"})
    slots = {slot.schedule_id: slot for slot in schedules.fire_after(hours=1)}
    assert {name: slots[each.id].outcome for name, each in made.items()} == {
        "gone": "refused",
        "bursting": "refused",
        "too-long": "refused",
        "fine": "fired",
    }
    reasons = {name: slots[each.id].reason for name, each in made.items()}
    assert "type 'sample.short-lived' has no handler here" in reasons["gone"]
    assert reasons["bursting"] == "ZeroDivisionError: no such luck"
    assert reasons["too-long"].startswith("params.seconds: ")
    assert len(schedules.tasks()) == 1
    assert all(schedules.fresh(each).next_slot_at == each.next_slot_at + HOUR for each in made.values())


def test_what_the_database_refuses_stops_no_other(schedules, acme):
    """Rows that no check of ours would let in: the constraint answers, and the slot says so."""
    broken = schedules.make(acme, name="broken")
    schedules.make(acme, name="fine")
    with operator_scope("operator:test"):
        Schedule.objects.filter(id=broken.id).update(options={"timeout_seconds": 2**31})
        Tenant.objects.filter(id=acme.id).update(limits={"task_max_runtime_seconds": 86_400})
    slots = {slot.schedule_id == broken.id: slot for slot in schedules.fire_after(hours=1)}
    assert (slots[True].outcome, slots[False].outcome) == ("refused", "fired")
    assert "timeout_seconds" in slots[True].reason


def test_a_type_that_the_tenant_may_no_longer_submit_is_refused(schedules, acme, limit_of):
    schedules.make(acme)
    limit_of(acme, allowed_types=["sleep"])
    (slot,) = schedules.fire_after(hours=1)
    assert (slot.outcome, slot.reason) == (
        "refused",
        "type: echo is not among the types that this tenant may submit",
    )


@pytest.fixture
def limit_of():
    def set_limits(tenant, **limits):
        with operator_scope("operator:test"):
            Tenant.objects.filter(id=tenant.id).update(limits=limits)
        tenant_limits.forget()

    return set_limits


def test_a_tenant_that_is_suspended_rests(schedules, acme):
    schedule = schedules.make(acme)
    with operator_scope("operator:test"):
        Tenant.objects.update(active=False)
    assert schedules.fire_after(hours=2) == []
    with operator_scope("operator:test"):
        Tenant.objects.update(active=True)
    assert outcomes(schedules.fire_after(hours=2)) == ["skipped_missed", "fired"]
    assert schedules.fresh(schedule).paused_at is None


def test_a_pause_has_no_missed_slots(schedules, acme):
    schedule = schedules.make(acme, missed="all")
    schedules.act(service.pause, schedule)
    assert schedules.fire_after(hours=5) == []
    with moved_clock(5 * HOUR, using="owner"):
        resumed = schedules.act(service.resume, schedule)
    assert resumed.next_slot_at == schedule.next_slot_at + 5 * HOUR
    assert schedules.fire_after(hours=5) == []
    assert outcomes(schedules.fire_after(hours=6)) == ["fired"]


def test_who_changes_a_schedule_waits_for_who_fires_it_and_is_passed_by_in_turn(schedules, acme):
    schedule = schedules.make(acme)
    fired, may_commit = threading.Event(), threading.Event()

    def fire():
        with system_scope("maintenance"):
            firing.fire_due()
            fired.set()
            assert may_commit.wait(60)

    with moved_clock(HOUR, using="owner"), threads(2) as run:
        firing_now = run(fire)
        assert fired.wait(60)
        paused = run(schedules.act, service.pause, schedule)
        wait_until(sessions_waiting_for_a_lock)
        may_commit.set()
        firing_now.result()
        assert paused.result().decided_until == schedule.next_slot_at
    schedules.act(service.resume, schedule)
    with moved_clock(2 * HOUR, using="owner"), threads(1) as run:
        with operator_scope("operator:test"):
            service.locked(Schedule.objects.filter(id=schedule.id)).get()
            assert run(maintenance.run_once).result()["promoted"] == 0
        assert maintenance.run_once()["promoted"] == 1


def test_a_clock_that_is_set_forth_and_back_fires_no_slot_twice(schedules, acme):
    schedule = schedules.make(acme, missed="all")
    schedules.fire_after(hours=3)
    assert schedules.fire_after(hours=-1) == schedules.fire_after(hours=1) == []
    with moved_clock(HOUR, using="owner"):  # nor does a new timing go back before what is decided
        changed = schedules.act(service.change, schedule, {"cron": "0 * * * *"})
    assert changed.next_slot_at == schedule.next_slot_at + 3 * HOUR
    assert outcomes(schedules.fire_after(hours=4)) == ["fired"]
    assert len(schedules.tasks()) == 4


def test_a_schedule_whose_zone_is_gone_is_paused_and_says_so(schedules, acme):
    make_timing.cache_clear()
    schedule = schedules.make(acme, cron="0 * * * *", timezone="Europe/Berlin")
    schedules.make(acme, name="fine")
    with operator_scope("operator:test"):  # as after a change of the time zone database
        Schedule.objects.filter(id=schedule.id).update(timezone="Europe/Atlantis")
    assert outcomes(schedules.fire_after(hours=1)) == ["fired"]
    now = schedules.fresh(schedule)
    assert now.paused_at is not None
    assert "there is no time zone 'Europe/Atlantis'" in now.pause_reason
    with operator_scope("operator:test"):
        (act,) = OperatorAction.objects.filter(action="schedule.pause")
    assert (act.actor, act.target, act.tenant_id) == ("system:schedules", "s", acme.id)


def test_a_fire_by_hand_is_beside_the_slots(schedules, acme):
    schedule = schedules.make(acme, overlap="skip")
    schedules.act(service.pause, schedule)
    task = schedules.act(service.fire_now, schedule)
    assert (task.type, task.status) == ("echo", "queued")
    (slot,) = schedules.slots()
    assert (slot.outcome, slot.task_id) == ("fired", task.id)
    now = schedules.fresh(schedule)
    assert (now.next_slot_at, now.last_task_id) == (schedule.next_slot_at, task.id)


def test_old_slots_are_deleted(schedules, acme):
    schedules.make(acme, every_seconds=86_400)
    schedules.fire_after(days=1)
    assert len(schedules.slots()) == 1
    with moved_clock(timedelta(days=40), using="owner"):
        maintenance.run_once()
        maintenance.run_once()
    assert len(schedules.slots(slot_at__lt=schedules.tasks()[-1].run_at, outcome="fired")) == 0
