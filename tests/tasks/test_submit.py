"""Submit: what was asked for becomes a row, in a batch all or none, in the queue where it belongs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueapp import tasks
from queueapp.errors import DuplicateTask, InvalidTask, ScopeError
from queueapp.models import DedupKey, Queue, Route, Task
from queueapp.tasks import Dedup, TaskRequest
from queueapp.tenancy import bind_tenant, operator_scope, tenant_scope
from tests.factories import fresh
from tests.notifications import notifications

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def stored():
    with operator_scope("operator:test"):
        return Task.objects.count() + DedupKey.objects.count()


def test_a_task_is_what_was_asked_for(acme):
    task = tasks.submit(
        "sleep",
        {"seconds": 1},
        tenant_id=acme.id,
        priority=9,
        max_retries=3,
        timeout_seconds=60,
        labels=["nightly"],
        requirements={"region": "eu", "gpu": True},
    )
    assert (task.status, task.queue, task.params) == ("queued", "default", {"seconds": 1.0})
    assert (task.priority, task.max_retries, task.timeout_seconds) == (9, 3, 60)
    assert (task.labels, task.requirements) == (["nightly"], {"region": "eu", "gpu": True})
    assert (task.attempt, task.failures, task.crash_count, task.tenant_id) == (0, 0, 0, acme.id)
    assert task.finished_at is None


@pytest.mark.parametrize("options", [{}, {"delay_seconds": 60}, {"dedup": {"key": "k"}, "labels": ["a"]}])
def test_the_task_that_is_returned_is_the_row(acme, options):
    task = tasks.submit("echo", {"n": [1, None, 2.5]}, tenant_id=acme.id, requirements={"gpu": True}, **options)
    row = fresh(task)
    for column in (field.attname for field in Task._meta.fields):
        assert getattr(task, column) == getattr(row, column), column


def test_a_submit_is_one_message_to_the_database(acme):
    with CaptureQueriesContext(connection) as queries:
        tasks.submit("echo", tenant_id=acme.id)
        tasks.submit_many([{"type": "echo"}] * 10, tenant_id=acme.id)
    sent = [query["sql"] for query in queries if "EXECUTE submit_task" in query["sql"]]
    assert [message.startswith("SELECT set_config") for message in sent] == [True, True]  # not after a BEGIN


def test_defaults_are_the_types_own(acme):
    task = tasks.submit("echo", tenant_id=acme.id)
    assert (task.priority, task.max_retries, task.timeout_seconds, task.params) == (5, 0, 300, {})


def test_a_task_due_later_is_scheduled(acme):
    moment = datetime.now(UTC) + timedelta(hours=1)
    at = tasks.submit("echo", tenant_id=acme.id, run_at=moment)
    after = tasks.submit("echo", tenant_id=acme.id, delay_seconds=3600)
    assert (at.status, at.run_at) == ("scheduled", moment)
    assert after.status == "scheduled"
    assert abs(after.run_at - moment) < timedelta(minutes=1)
    assert tasks.submit("echo", tenant_id=acme.id, run_at=NOW).status == "queued"
    assert tasks.submit("echo", tenant_id=acme.id, delay_seconds=0).status == "queued"


def test_only_what_is_ready_notifies_workers(acme):
    tasks.submit("echo", tenant_id=acme.id, delay_seconds=3600)
    assert notifications() == 0
    tasks.submit_many([{"type": "echo"}] * 50, tenant_id=acme.id)
    assert notifications() == 1


def test_a_batch_is_answered_in_the_order_of_its_requests(acme):
    requests = [{"type": "echo", "params": {"n": n, "none": None}, "priority": 1 + n % 10} for n in range(200)]
    ids = tasks.submit_many([TaskRequest(**requests[0]), *requests[1:]], tenant_id=acme.id)
    with tenant_scope(acme.id):
        params = dict(Task.objects.values_list("id", "params"))
    assert [params[task_id] for task_id in ids] == [request["params"] for request in requests]


def test_a_batch_is_stored_whole_or_not_at_all(acme):
    good, bad = {"type": "echo"}, {"type": "echo", "priority": 99}
    with pytest.raises(InvalidTask) as refused:
        tasks.submit_many([good, bad, good, {"type": "echo", "labels": 1}], tenant_id=acme.id)
    assert [error.field for error in refused.value.errors] == ["tasks.1.priority", "tasks.3.labels"]
    with pytest.raises(InvalidTask) as refused:
        tasks.submit_many([good, {"type": "echo", "queue": "no"}, {"type": "echo", "queue": "non"}], tenant_id=acme.id)
    assert [error.field for error in refused.value.errors] == ["tasks.1.queue", "tasks.2.queue"]
    tasks.submit("echo", tenant_id=acme.id, dedup={"key": "k"})
    before = stored()
    with pytest.raises(DuplicateTask):
        tasks.submit_many([good, {"type": "echo", "dedup": Dedup(key="k", on_conflict="reject")}], tenant_id=acme.id)
    assert stored() == before


def test_an_empty_batch_is_nothing(acme):
    assert tasks.submit_many([], tenant_id=acme.id) == []


@pytest.mark.rls_only
def test_the_bound_tenant_is_the_default(acme, globex):
    with bind_tenant(acme.id):
        assert tasks.submit("echo").tenant_id == acme.id
        assert tasks.submit("echo", tenant_id=globex.id).tenant_id == globex.id
    with pytest.raises(ScopeError, match="No tenant is bound"):
        tasks.submit("echo")


@pytest.mark.rls_only
def test_an_operator_submits_for_the_tenant_it_names(acme):
    with operator_scope("operator:alice"):
        assert tasks.submit("echo", tenant_id=acme.id).tenant_id == acme.id
        with pytest.raises(ScopeError):
            tasks.submit("echo")


def test_a_queue_and_a_route_made_a_moment_ago_are_known(acme):
    tasks.submit("echo", tenant_id=acme.id)  # the routes are remembered from here on
    with operator_scope("operator:test"):
        Queue.objects.create(name="fresh")
    assert tasks.submit("echo", tenant_id=acme.id, queue="fresh").queue == "fresh"


def test_the_longest_matching_route_decides_and_a_named_queue_before_it(acme):
    with operator_scope("operator:test"):
        slow, fast = (Queue.objects.create(name=name) for name in ("slow", "fast"))
        Route.objects.create(pattern="*", queue=slow)
        Route.objects.create(pattern="echo", queue=fast)
    with bind_tenant(acme.id):
        assert tasks.submit("echo").queue == "fast"
        assert tasks.submit("sleep", {"seconds": 0}).queue == "slow"
        assert tasks.submit("echo", queue="default").queue == "default"
