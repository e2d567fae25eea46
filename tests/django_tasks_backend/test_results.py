"""What a worker makes of tasks of `django.tasks`, as their results tell it."""

from uuid import UUID

import pytest
from django_tasks import default_task_backend
from django_tasks.signals import task_started

from queueapp import maintenance, tasks
from queueapp.tenancy import bind_tenant
from queueapp.testing.kit import Kit
from tests.clusters import running_cluster
from tests.samples import django_calls as samples
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def bound(acme):
    with bind_tenant(acme.id):
        yield


@pytest.fixture
def finished(acme):
    """Enqueue in a running cluster, wait for the end."""
    with running_cluster(workers=1):

        def run(task, *args, **kwargs):
            result = task.enqueue(*args, **kwargs)
            wait_until(lambda: (result.refresh(), result.is_finished)[1])
            return result

        yield run


def test_tasks_run_and_tell(finished):
    done = finished(samples.add, 1, second=2)
    assert (done.status, done.return_value, done.attempts, done.errors) == ("SUCCESSFUL", 3, 1, [])
    assert done.enqueued_at <= done.started_at == done.last_attempted_at <= done.finished_at
    assert samples.add.get_result(done.id) == done

    assert finished(samples.add_async, 1, 2).return_value == 3
    assert finished(samples.report).return_value == "done"

    told = finished(samples.who_runs)
    assert told.return_value == {"id": told.id, "attempt": 1, "status": "RUNNING", "workers": told.worker_ids}

    lucky = finished(samples.third_time_lucky)
    assert (lucky.return_value, lucky.attempts, len(lucky.errors)) == (3, 3, 2)
    assert lucky.errors[1].exception_class is ValueError
    assert lucky.errors[1].traceback.endswith("ValueError: attempt 2 went wrong\n")
    assert lucky.started_at < lucky.last_attempted_at

    left = finished(samples.leave)
    assert (left.status, left.errors[0].exception_class) == ("FAILED", SystemExit)
    assert left.errors[0].traceback.endswith("SystemExit: left\n")
    with pytest.raises(ValueError, match="Task failed"):
        _ = left.return_value

    unkept = finished(samples.return_a_function)
    assert (unkept.status, unkept.errors[0].exception_class) == ("FAILED", TypeError)


def test_a_cancelled_task_has_failed(acme):
    result = samples.add.enqueue(1)
    tasks.cancel(UUID(result.id), tenant_id=acme.id)
    result.refresh()
    assert (result.status, result.errors, result.attempts) == ("FAILED", [], 0)
    assert default_task_backend.get_result(result.id) == result


def test_an_expired_task_has_failed():
    result = samples.add.using(expires_seconds=0.001).enqueue(1)
    wait_until(lambda: maintenance.run_once()["expired"])
    result.refresh()
    assert (result.status, result.errors, result.attempts) == ("FAILED", [], 0)


def test_a_receiver_that_raises_is_no_fault_of_the_task(acme):
    def refuse(task_result, **_):
        raise RuntimeError("a receiver's own trouble")

    task_started.connect(refuse)
    try:
        samples.add.enqueue(1, second=2)
        (task,) = Kit().drain().tasks
    finally:
        task_started.disconnect(refuse)
    assert (task.status, task.result) == ("completed", 3)
