"""Inline mode: a submit runs its task at once, in the test's own transaction."""

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from queueapp import get_task, retry, submit, submit_many

pytestmark = pytest.mark.usefixtures("in_a_transaction")


class Broken(Exception):
    """Ends the caller's transaction."""


def test_a_submit_runs_its_task_before_it_returns(kit):
    with kit.inline() as drained:
        made = submit("echo", {"msg": "a"})
        assert get_task(made.id).result == {"msg": "a"}
        many = submit_many([{"type": "echo", "params": {"msg": "b"}}] * 2)
        assert drained.completed == 3
    assert [task.id for task in drained.tasks] == [made.id, *many]
    submit("echo", {"msg": "c"})
    assert len(kit.all_enqueued()) == 1


def test_what_a_task_submits_runs_after_it(kit):
    with kit.inline() as drained:
        submit("sample.submits", {})
    assert [task.type for task in drained.tasks] == ["sample.submits", "sample.noop"]
    assert drained.completed == 2


def test_what_was_ready_before_runs_first(kit):
    submit("echo", {"msg": "a"})
    with kit.inline() as drained:
        assert drained.completed == 1


def test_what_is_not_due_waits_and_what_fails_is_not_tried_again(kit):
    with kit.inline() as drained:
        submit("echo", {"msg": "a"}, delay_seconds=60)
        failing = submit("sample.fail", {"times": 1}, max_retries=1)
        assert (drained.completed, drained.failed) == (0, 1)
        retry(failing.id)
        assert (drained.completed, get_task(failing.id).attempt) == (1, 2)
    kit.assert_enqueued("echo", count=1)


def test_a_caller_s_rollback_takes_the_task_and_its_work(kit):
    Group.objects.all().delete()
    with pytest.raises(Broken), kit.inline(), transaction.atomic():
        submit("sample.makes_group", {"mark": "sellers"})
        assert Group.objects.count() == 1
        raise Broken
    assert Group.objects.count() == 0


def test_faults_strike_it_too(kit):
    with kit.inline() as drained, kit.kill_at("before_settle"):
        submit("echo", {"msg": "a"})
    assert (drained.completed, drained.tasks[0].crash_count) == (1, 1)
