"""Cancel, retry, redrive, reprioritise and purge, of a task in every state."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import ProgrammingError

from queueapp import maintenance, tasks
from queueapp.errors import InvalidTask, TaskNotFound, WrongState
from queueapp.models import DedupKey, Task, TaskLog
from queueapp.models.base import new_id
from queueapp.states import FINAL, RETRYABLE, WAITING, Status
from queueapp.tenancy import operator_scope, tenant_scope
from tests.factories import fresh
from tests.notifications import notifications

HOUR = timedelta(hours=1)


def moves_of(task):
    with operator_scope("operator:test"):
        return TaskLog.objects.filter(task_id=task.id, kind="transition").count()


@pytest.mark.parametrize("status", Status)
def test_cancel(make_task, status):
    task = make_task(status)
    moves = moves_of(task)
    if status in (Status.COMPLETED, Status.DEAD_LETTER):
        with pytest.raises(WrongState, match=f"Cannot cancel task {task.id}: it is {status}"):
            tasks.cancel(task.id, tenant_id=task.tenant_id)
        assert fresh(task).updated_at == task.updated_at
        return
    for _ in range(2):  # cancelling twice is no error and no second move
        cancelled = tasks.cancel(task.id, tenant_id=task.tenant_id)
        assert cancelled.status == (Status.LEASED if status == Status.LEASED else Status.CANCELLED)
        assert cancelled.cancel_requested_at is not None
    assert moves_of(task) == moves + (1 if status in WAITING else 0)


@pytest.mark.parametrize("status", Status)
def test_retry(make_task, status):
    task = make_task(status, failures=3, crash_count=2, attempt=4)
    if status not in RETRYABLE:
        with pytest.raises(WrongState, match=f"Cannot retry task {task.id}: it is {status}"):
            tasks.retry(task.id, tenant_id=task.tenant_id)
        assert (fresh(task).status, notifications()) == (status, 0)
        return
    again = tasks.retry(task.id, tenant_id=task.tenant_id)
    assert again.status == "queued"
    assert (again.failures, again.crash_count, again.attempt) == (0, 0, 4)
    assert (again.error_code, again.error_message, again.result, again.progress) == ("", "", None, None)
    assert (again.finished_at, again.cancel_requested_at) == (None, None)
    assert again.run_at <= again.updated_at
    assert again.ready_seq > task.ready_seq, "it lines up anew"
    assert notifications() == 1


@pytest.mark.parametrize("status", Status)
def test_reprioritise(make_task, status):
    task = make_task(status)
    if status in FINAL:
        with pytest.raises(WrongState):
            tasks.reprioritise(task.id, 10, tenant_id=task.tenant_id)
        assert fresh(task).priority == 5
    else:
        assert tasks.reprioritise(task.id, 10, tenant_id=task.tenant_id).priority == 10
    assert fresh(task).status == status


@pytest.mark.parametrize("priority", [0, 11])
def test_a_priority_out_of_range_is_refused(make_task, priority):
    with pytest.raises(InvalidTask, match="between 1 and 10"):
        tasks.reprioritise(make_task().id, priority)


@pytest.mark.parametrize("verb", [tasks.cancel, tasks.retry, lambda *a, **k: tasks.reprioritise(*a, 7, **k)])
def test_foreign_and_unknown_tasks_look_the_same(make_task, acme, globex, verb):
    theirs = make_task("cancelled", tenant=globex)
    for task_id in (theirs.id, new_id()):
        with pytest.raises(TaskNotFound, match=f"^No task {task_id}.$"):
            verb(task_id, tenant_id=acme.id)
    assert fresh(theirs).updated_at == theirs.updated_at


@pytest.mark.parametrize("verb", [tasks.cancel_many, tasks.retry_many])
def test_a_set_is_answered_id_by_id_in_its_order(make_task, acme, globex, verb):
    made = [make_task(status) for status in Status] + [make_task(tenant=globex)]
    ids = [task.id for task in reversed(made)] + [new_id()]
    outcomes = verb(ids, tenant_id=acme.id)
    assert [outcome.task_id for outcome in outcomes] == ids
    assert [outcome.was for outcome in outcomes] == [None, *reversed(Status), None]
    for outcome in outcomes:
        assert (outcome.reason == "") is outcome.done
        if outcome.was is not None:
            with operator_scope("operator:test"):
                assert Task.objects.get(id=outcome.task_id).status == outcome.status
    assert outcomes[0].reason == "no such task"


def test_an_empty_set_is_nothing(clean_database):
    assert tasks.cancel_many([]) == []


def test_redrive_queues_the_dead_letters_that_match(make_task, acme, globex):
    here = [make_task("dead_letter"), make_task("dead_letter", type="ari.aggregate")]
    elsewhere = [make_task("dead_letter", tenant=globex), make_task("failed"), make_task("cancelled")]
    assert tasks.redrive(queue="nowhere", tenant_id=acme.id) == []
    (only,) = tasks.redrive(type_pattern="ari.*", tenant_id=acme.id)
    assert (only.task_id, only.was, only.status, only.done) == (here[1].id, "dead_letter", "queued", True)
    assert [outcome.task_id for outcome in tasks.redrive(tenant_id=acme.id)] == [here[0].id]
    assert [fresh(task).status for task in elsewhere] == ["dead_letter", "failed", "cancelled"]
    with operator_scope("operator:test"):
        assert [outcome.task_id for outcome in tasks.redrive()] == [elsewhere[0].id]


def test_an_operators_verb_reaches_every_tenant_and_is_named_in_the_log(make_task, globex):
    task = make_task(tenant=globex)
    with operator_scope("operator:alice"):
        assert tasks.cancel(task.id).status == "cancelled"
        last = TaskLog.objects.filter(task_id=task.id).last()
    assert (last.actor, last.reason, last.from_status, last.to_status) == (
        "operator:alice",
        "cancel",
        "queued",
        "cancelled",
    )


def test_purge_deletes_what_ended_long_ago_and_keeps_its_log(make_task, acme):
    now = datetime.now(UTC)
    ended = [make_task(status) for status in FINAL]
    going = [make_task(status) for status in Status if status not in FINAL]
    keyed = make_task("completed")
    with operator_scope("operator:test"):
        DedupKey.objects.create(tenant=acme, queue="default", key="live", task=keyed, expires_at=now + HOUR)
        DedupKey.objects.create(tenant=acme, queue="default", key="dead", task=ended[0], expires_at=now - HOUR)
        log = TaskLog.objects.count()
        assert tasks.purge(finished_before=now - HOUR) == 0
        assert tasks.purge(finished_before=now + HOUR) == len(FINAL) - 1
    maintenance.run_once()  # prunes the expired key, which was still holding its task
    with operator_scope("operator:test"):
        assert tasks.purge(finished_before=now + HOUR) == 1
        assert set(Task.objects.values_list("id", flat=True)) == {task.id for task in [*going, keyed]}
        assert list(DedupKey.objects.values_list("key", flat=True)) == ["live"]
        assert TaskLog.objects.count() == log


@pytest.mark.rls_only
def test_purge_is_not_for_clients(make_task, acme):
    make_task("completed")
    with pytest.raises(ProgrammingError, match="permission denied for table taskrunner_tasks"), tenant_scope(acme.id):
        tasks.purge(finished_before=datetime.now(UTC) + HOUR)
