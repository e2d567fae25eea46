"""A submit belongs to its caller's transaction: it commits with the caller's own writes, or leaves no trace."""

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from queueapp import tasks
from queueapp.errors import DuplicateTask
from queueapp.models import DedupKey, Task, TaskDelta, TaskLog
from queueapp.tenancy import operator_scope, tenant_scope
from tests.notifications import notifications


class Cancelled(Exception):
    """The caller's own trouble."""


def rows():
    with operator_scope("operator:test"):
        return [model.objects.count() for model in (Task, TaskLog, TaskDelta, DedupKey)]


def test_it_commits_with_the_callers_writes(acme):
    with transaction.atomic():
        Group.objects.create(name="before")
        task = tasks.submit("echo", tenant_id=acme.id, dedup={"key": "k"})
        Group.objects.create(name="after")
        assert notifications() == 0, "workers were notified before the commit"
    assert notifications() == 1
    assert rows() == [1, 1, 1, 1]
    assert Group.objects.count() == 2
    with tenant_scope(acme.id):
        assert Task.objects.get().id == task.id


def test_it_rolls_back_with_the_callers_writes(acme):
    with pytest.raises(Cancelled), transaction.atomic():
        Group.objects.create(name="before")
        tasks.submit("echo", tenant_id=acme.id, dedup={"key": "k"})
        Group.objects.create(name="after")
        raise Cancelled
    assert notifications() == 0
    assert rows() == [0, 0, 0, 0]
    assert not Group.objects.exists()
    tasks.submit("echo", tenant_id=acme.id, dedup={"key": "k", "on_conflict": "reject"})


def test_a_savepoint_takes_back_its_own_submit_only(acme):
    with transaction.atomic():
        kept = tasks.submit("echo", tenant_id=acme.id)
        with pytest.raises(Cancelled), transaction.atomic():
            tasks.submit("echo", {"n": 2}, tenant_id=acme.id)
            raise Cancelled
    assert notifications() == 1
    with tenant_scope(acme.id):
        assert [task.id for task in Task.objects.all()] == [kept.id]


def test_a_refused_submit_leaves_the_callers_transaction_usable(acme):
    tasks.submit("echo", tenant_id=acme.id, dedup={"key": "k"})
    with transaction.atomic():
        Group.objects.create(name="before")
        with pytest.raises(DuplicateTask):
            tasks.submit("echo", tenant_id=acme.id, dedup={"key": "k", "on_conflict": "reject"})
        Group.objects.create(name="after")
    assert Group.objects.count() == 2


def test_submits_for_two_tenants_share_a_transaction(acme, globex):
    with pytest.raises(Cancelled), transaction.atomic():
        tasks.submit("echo", tenant_id=acme.id)
        tasks.submit("echo", tenant_id=globex.id)
        raise Cancelled
    assert rows() == [0, 0, 0, 0]
    with transaction.atomic():
        tasks.submit("echo", tenant_id=acme.id)
        tasks.submit("echo", tenant_id=globex.id)
    assert rows()[0] == 2


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_a_verb_rolls_back_with_its_caller(make_task, verb):
    task = make_task("failed")
    with pytest.raises(Cancelled), transaction.atomic():
        getattr(tasks, verb)(task.id, tenant_id=task.tenant_id)
        raise Cancelled
    assert notifications() == 0
    with tenant_scope(task.tenant_id):
        assert Task.objects.get(id=task.id).status == "failed"
