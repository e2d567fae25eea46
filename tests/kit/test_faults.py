"""What the engine does when a worker dies, loses a lease or finds no database, shown with the kit's faults."""

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, connection

from queueapp import handlers, submit, task
from queueapp.models import TaskLog
from queueapp.tenancy import operator_scope
from tests.factories import fresh

pytestmark = pytest.mark.usefixtures("in_a_transaction")


@pytest.fixture
def called(monkeypatch):
    """The numbers of the attempts whose handler was called: `test.plain`, and `test.whole`, a transactional one."""
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))
    called = []
    Group.objects.all().delete()

    def work(name: str) -> str:
        called.append(name)
        Group.objects.create(name=f"{name} {len(called)}")
        return name

    task("test.plain", max_retries=1)(work)
    task("test.whole", max_retries=1, transactional=True)(work)
    return called


def groups():
    return [group.name for group in Group.objects.order_by("id")]


def reasons(of):
    with operator_scope("operator:test"):
        moves = TaskLog.objects.filter(task_id=of.id, kind="transition").order_by("id")
        return " ".join(move.reason for move in moves)


@pytest.mark.parametrize(
    ("point", "type", "ran", "kept"),
    [
        ("before_handler", "test.plain", 1, ["a 1"]),
        ("before_handler", "test.whole", 1, ["a 1"]),
        ("before_settle", "test.plain", 2, ["a 1", "a 2"]),  # at least once
        ("before_settle", "test.whole", 2, ["a 2"]),
    ],
)
def test_a_task_whose_worker_was_killed_runs_again_and_is_completed_once(kit, called, point, type, ran, kept):
    made = submit(type, {"name": "a"})
    with kit.kill_at(point):
        drained = kit.drain()
    done = fresh(made)
    assert (drained.completed, done.attempt, done.crash_count, done.failures) == (1, 2, 1, 0)
    assert reasons(made) == "submit claim lease_expired claim result"
    assert (len(called), groups()) == (ran, kept)


@pytest.mark.parametrize("type", ["test.plain", "test.whole"])
def test_a_worker_killed_after_it_settled_took_nothing_along(kit, called, type):
    first, second = submit(type, {"name": "a"}), submit(type, {"name": "b"})
    with kit.kill_at("after_settle"):
        assert kit.drain().completed == 2
    assert called == ["a", "b"]
    assert (fresh(first).attempt, fresh(first).crash_count, fresh(second).crash_count) == (1, 0, 0)


def test_what_kills_three_workers_is_a_dead_letter(kit, called):
    made, innocent = submit("test.plain", {"name": "a"}), submit("echo", {"msg": "b"})
    of_type = {"type": "test.plain"}
    with (
        kit.kill_at("before_settle", **of_type),
        kit.kill_at("before_handler", **of_type),
        kit.kill_at("before_settle", **of_type),
    ):
        drained = kit.drain()
    assert (drained.completed, drained.dead_letters) == (1, 1)
    assert fresh(made).error_code == "worker_crashed"
    assert fresh(innocent).crash_count == 0


@pytest.mark.parametrize(("type", "kept"), [("test.plain", ["a 1", "a 2"]), ("test.whole", ["a 2"])])
def test_an_attempt_that_lost_its_lease_completes_nothing(kit, called, type, kept):
    made = submit(type, {"name": "a"})
    with kit.lose_lease():
        assert kit.drain().completed == 1
    assert (fresh(made).attempt, fresh(made).crash_count) == (2, 0)
    assert reasons(made) == "submit claim lease_expired claim result"
    assert (called, groups()) == (["a", "a"], kept)


def test_what_is_submitted_while_the_database_is_down_is_refused(kit, called):
    with kit.database_down():
        with pytest.raises(OperationalError, match="database_down"):
            submit("test.plain", {"name": "a"})
        with pytest.raises(OperationalError):
            Group.objects.create(name="a")
        with pytest.raises(OperationalError):
            kit.drain()
    assert not connection.needs_rollback
    kit.refute_enqueued()
    submit("test.plain", {"name": "b"})
    assert kit.drain().completed == 1


@pytest.mark.parametrize("type", ["test.plain", "test.whole"])
def test_a_handler_that_finds_no_database_has_failed_and_is_tried_again(kit, called, type):
    made = submit(type, {"name": "a"})
    with kit.database_down("handler"):
        assert kit.drain().failed == 1
    assert fresh(made).error_code == "OperationalError"
    assert kit.drain(with_retries=True).completed == 1
    assert len(groups()) == 1


def test_an_outcome_that_cannot_be_stored_is_stored_later_and_nothing_runs_twice(kit, called):
    made = submit("test.plain", {"name": "a"})
    with kit.database_down("settle"):
        assert kit.drain().completed == 1
    assert (called, fresh(made).attempt) == (["a"], 1)


def test_a_completion_that_cannot_be_stored_takes_its_writes_with_it(kit, called):
    submit("test.whole", {"name": "a"})
    with kit.database_down("settle"):
        assert kit.drain().failed == 1
    assert groups() == []
    assert kit.drain(with_retries=True).completed == 1


def test_a_fault_is_for_one_attempt_of_the_type_that_is_named(kit, called):
    submit("echo", {"msg": "a"})
    made = submit("test.plain", {"name": "a"})
    with kit.kill_at("before_handler", type="test.plain"):
        assert kit.drain().completed == 2
        submit("test.plain", {"name": "b"})
        assert kit.drain().completed == 1
    assert (fresh(made).crash_count, called) == (1, ["a", "b"])


def test_a_fault_that_nobody_came_to_fails_the_test(kit):
    with pytest.raises(AssertionError, match="No attempt of echo came to the fault"), kit.lose_lease(type="echo"):
        kit.drain()
    submit("echo", {"msg": "a"})
    assert kit.drain().completed == 1


def test_a_fault_that_is_none_is_refused(kit):
    with pytest.raises(ValueError, match="before_handler, before_settle, after_settle, not 'before_claim'"):
        kit.kill_at("before_claim")
    with pytest.raises(ValueError, match="handler, settle, not 'claim'"), kit.database_down("claim"):
        pass
