"""The test kit, used as a project does: inside the test's own transaction."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from queueapp import submit
from queueapp.errors import InvalidTask
from queueapp.models import Artifact, Task, TaskLog
from queueapp.tenancy import operator_scope
from tests.factories import fresh

pytestmark = pytest.mark.usefixtures("in_a_transaction")


def test_what_waits_is_found(kit):
    submit("echo", {"msg": "a"}, priority=7)
    newest = submit("echo", {"msg": "b"}, delay_seconds=60)
    assert [task.params["msg"] for task in kit.all_enqueued("echo")] == ["a", "b"]
    assert kit.assert_enqueued("echo", {"msg": "b"}, tenant="acme").id == newest.id
    assert kit.assert_enqueued("echo", count=2, queue="default").id == newest.id
    kit.refute_enqueued("echo", {"msg": "c"})
    kit.refute_enqueued("sleep")


def test_a_failed_assertion_says_what_waits(kit):
    with pytest.raises(AssertionError, match=r"Expected one of echo, found 0. Nothing waits."):
        kit.assert_enqueued("echo")
    submit("echo", {"msg": "a"})
    with pytest.raises(
        AssertionError, match=r"Expected 2 of echo, priority=5, found 1. There wait 1: echo {'msg': 'a'}"
    ):
        kit.assert_enqueued("echo", count=2, priority=5)
    with pytest.raises(AssertionError, match="Expected none of echo, found 1"):
        kit.refute_enqueued("echo")


def test_a_drain_runs_what_is_ready_and_what_it_submits(kit):
    submit("echo", {"msg": "a"})
    submit("sample.submits", {})
    drained = kit.drain()
    assert [task.type for task in drained.tasks] == ["echo", "sample.submits", "sample.noop"]
    assert (drained.completed, drained.failed) == (3, 0)
    assert drained.tasks[0].result == {"msg": "a"}
    kit.refute_enqueued()


def test_a_drain_leaves_the_moves_in_the_log(kit):
    task = submit("echo", {"msg": "a"})
    kit.drain()
    with operator_scope("operator:test"):
        moves = TaskLog.objects.filter(task_id=task.id, kind="transition").order_by("id")
        assert [move.to_status for move in moves] == ["queued", "leased", "completed"]


def test_what_fails_is_tried_again_only_where_it_is_asked_for(kit):
    submit("sample.fail", {"times": 2}, max_retries=2)
    first = kit.drain()
    assert (first.completed, first.failed, first.tasks[0].error_code) == (0, 1, "RuntimeError")
    again = kit.drain(with_retries=True)
    assert (again.completed, again.tasks[0].attempt, again.tasks[0].result) == (1, 3, 3)

    submit("sample.fail", {"times": 9}, max_retries=1)
    assert kit.drain(with_retries=True).dead_letters == 1


def test_what_is_scheduled_runs_only_where_it_is_asked_for(kit):
    submit("echo", {"msg": "later"}, delay_seconds=3_600)
    assert kit.drain().tasks == []
    assert kit.drain(with_scheduled=True).completed == 1


def test_what_is_due_follows_the_clock(kit):
    submit("echo", {"msg": "later"}, delay_seconds=3_600)
    submit("sample.fail", {"times": 1}, max_retries=1)
    assert kit.drain().failed == 1
    with kit.travel(timedelta(minutes=30), using="owner"):
        assert [task.type for task in kit.drain().tasks] == ["sample.fail"]
    with kit.travel(timedelta(hours=2), using="owner"):
        assert [task.type for task in kit.drain().tasks] == ["echo"]
    submit("echo", {"msg": "later"}, delay_seconds=3_600)
    assert kit.drain().tasks == []


def test_expiry_follows_the_clock(kit):
    waiting = submit("echo", {"msg": "in time"}, expires_seconds=3_600)
    failing = submit("sample.fail", {"times": 9}, max_retries=9, expires_seconds=3_600)
    assert kit.drain(queue="platform").tasks == []
    with kit.travel(timedelta(minutes=59), using="owner"):
        assert [task.status for task in kit.drain().tasks] == ["completed", "failed"]
    late = submit("echo", {"msg": "too late"}, expires_seconds=60)
    with kit.travel(timedelta(hours=2), using="owner"):
        assert kit.drain(with_retries=True).tasks == []
    assert [fresh(task).error_code for task in (waiting, failing, late)] == ["", "expired", "expired"]


def test_moves_of_the_clock_add_up(kit):
    submit("echo", {"msg": "later"}, delay_seconds=3_600)
    with kit.travel(timedelta(minutes=40), using="owner"):
        with kit.travel(timedelta(minutes=10), using="owner"):
            assert kit.drain().tasks == []
        with kit.travel(timedelta(minutes=30), using="owner"):
            assert kit.drain().completed == 1
        submit("echo", {"msg": "soon"}, delay_seconds=1)
        assert kit.drain().tasks == []


def test_a_drain_of_one_queue_leaves_the_others(kit):
    submit("echo", {"msg": "a"})
    later = submit("echo", {"msg": "later"}, delay_seconds=3_600)
    assert kit.drain(queue="platform", with_scheduled=True).tasks == []
    kit.assert_enqueued("echo", {"msg": "a"})
    kit.assert_enqueued("echo", status="scheduled", id=later.id)


def test_what_a_handler_keeps_is_kept(kit):
    task = submit("sample.keeps", {})
    kit.drain()
    with operator_scope("operator:test"):
        assert TaskLog.objects.filter(task_id=task.id, kind="log", message="half way").exists()
        assert Artifact.objects.filter(task_id=task.id, type="paper").exists()
        assert Task.objects.get(id=task.id).progress == {"fraction": 0.5, "message": "half"}


def test_a_transactional_handler_commits_with_its_task(kit):
    Group.objects.all().delete()
    submit("sample.makes_group", {"mark": "sellers"})
    submit("sample.makes_group", {"mark": "ghosts", "times": 1})
    drained = kit.drain()
    assert [task.status for task in drained.tasks] == ["completed", "dead_letter"]
    assert [group.name for group in Group.objects.all()] == ["sellers"]


def test_a_handler_that_breaks_its_transaction_breaks_no_test(kit):
    submit("sample.bad_sql", {})
    submit("sample.leaves_atomic", {})
    submit("echo", {"msg": "after"})
    drained = kit.drain()
    assert [task.status for task in drained.tasks] == ["dead_letter", "dead_letter", "completed"]
    assert drained.tasks[1].error_code == "transaction_left_open"
    assert not connection.needs_rollback
    assert Group.objects.count() == 0


def test_performing_checks_runs_and_records(kit):
    performed = kit.perform("sample.keeps", {})
    assert performed.result == {"kept": 1}
    assert [(line.level, line.message, line.detail) for line in performed.logs] == [("info", "half way", {"page": 1})]
    assert performed.progress == {"fraction": 0.5, "message": "half"}
    assert (performed.artifacts[0].type, performed.artifacts[0].content) == ("paper", b"words")
    assert (performed.metrics, performed.notes) == ({"pages": 2}, [("summary", "short")])
    kit.refute_enqueued()
    with operator_scope("operator:test"):
        assert not Artifact.objects.exists()


def test_performing_refuses_and_raises_as_it_would(kit):
    with pytest.raises(InvalidTask, match=r"params\.seconds"):
        kit.perform("sleep", {"seconds": "many"})
    with pytest.raises(InvalidTask, match="no handler"):
        kit.perform("nothing.here", {})
    with pytest.raises(RuntimeError, match="attempt 1 went wrong"):
        kit.perform("sample.fail", {"times": 2})
    assert kit.perform("sample.fail", {"times": 2}, attempt=3).result == 3


def test_async_handlers_run_in_the_tests_transaction_too(kit):
    submit("async.submit", {})
    drained = kit.drain()
    assert [task.type for task in drained.tasks] == ["async.submit", "echo", "async.sum"]
    assert drained.completed == 3
    performed = kit.perform("async.tell", {})
    assert (performed.logs[0].message, performed.metrics, performed.artifacts[0].content) == (
        "half way",
        {"rows": 7},
        b"bytes",
    )
