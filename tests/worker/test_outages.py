"""The database goes away between two tasks of a batch, and comes back."""

from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection

from queueapp import tasks
from queueapp.models import Task
from queueapp.tenancy import system_scope
from tests.factories import fresh


@contextmanager
def nothing_can_be_settled():
    """Every statement that settles finds the database away."""

    def refuse(execute, sql, params, many, context):
        if "complete_task" in sql or "settle_tasks" in sql:
            raise OperationalError("the connection was closed")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


@pytest.fixture
def batch(acme, serving_worker):
    """Three tasks that are settled one by one, claimed together; the first has run, and could not be settled."""
    three = [tasks.submit("sample.alone", tenant_id=acme.id) for _ in range(3)]
    serving_worker._claimer.batch_sizes.record("sample.alone", "default", 0.001)
    assert serving_worker._load_batch()
    with nothing_can_be_settled(), pytest.raises(OperationalError) as raised:
        serving_worker._execute_batch()
    serving_worker._recover(raised.value)
    assert [fresh(task).status for task in three] == ["leased"] * 3
    return three


def test_what_has_ended_is_settled_before_the_next_starts(batch, serving_worker):
    with nothing_can_be_settled(), pytest.raises(OperationalError):
        serving_worker._load_batch()
    assert serving_worker._load_batch()
    assert [fresh(task).status for task in batch] == ["completed", "leased", "leased"]
    serving_worker._execute_batch()
    serving_worker._settle()
    assert [fresh(task).result for task in batch] == [0, 1, 2]


def test_what_others_may_have_by_now_is_not_started(batch, serving_worker):
    with system_scope("test"):
        Task.objects.filter(id=batch[1].id).update(status="queued", lease_expires_at=None)
    serving_worker._load_batch()
    assert [attempt.task.id for attempt in serving_worker._buffer._unstarted] == [batch[2].id]
