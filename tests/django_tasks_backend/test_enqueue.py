"""Enqueue: what `django.tasks` asks for becomes a task, with the caller's transaction."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import override_settings
from django.utils import timezone
from django_tasks import default_task_backend, task, task_backends
from django_tasks.exceptions import InvalidTaskError, TaskResultDoesNotExist, TaskResultMismatch
from django_tasks.signals import task_enqueued

from queueapp import tasks
from queueapp.errors import InvalidTask
from queueapp.models import Task
from queueapp.tenancy import bind_tenant, operator_scope
from tests.samples.django_calls import add, add_async, report

BACKEND = "queueapp.contrib.django_tasks.Backend"


@pytest.fixture(autouse=True)
def bound(acme):
    """As a request of acme's is."""
    with bind_tenant(acme.id):
        yield


def stored():
    with operator_scope("operator:test"):
        return list(Task.objects.order_by("id"))


def test_a_task_is_stored_as_it_was_asked_for(acme):
    soon = timezone.now() + timedelta(hours=1)
    result = add.using(priority=20, run_after=soon, max_retries=4, timeout_seconds=7, labels=("a",)).enqueue(
        1, second=2
    )
    (row,) = stored()
    assert (str(row.id), row.tenant_id, row.type, row.queue) == (
        result.id,
        acme.id,
        "tests.samples.django_calls.add",
        "default",
    )
    assert (row.params["args"], row.params["kwargs"], row.run_at) == ([1], {"second": 2}, soon)
    assert (row.priority, row.max_retries, row.timeout_seconds, row.labels) == (25, 4, 7, ["a"])
    assert (result.status, result.task.run_after, result.task.priority) == ("READY", soon, 20)


@pytest.mark.parametrize("priority", [-100, 0, 100])
def test_no_priority_is_lost(priority):
    result = add.using(priority=priority).enqueue(1)
    assert add.get_result(result.id).task.priority == priority


def test_it_commits_with_the_callers_writes():
    with pytest.raises(RuntimeError), transaction.atomic():
        Group.objects.create(name="sellers")
        add.enqueue(1)
        raise RuntimeError
    assert stored() == []
    with transaction.atomic():
        add.enqueue(1)
    assert len(stored()) == 1


def test_the_same_from_async_code():
    result = async_to_sync(add_async.aenqueue)(1, 2)
    assert async_to_sync(add_async.aget_result)(result.id) == result
    assert [row.type for row in stored()] == ["tests.samples.django_calls.add_async"]


def test_a_result_is_the_same_when_read_again():
    result = report.enqueue()
    assert report.get_result(result.id) == result
    assert default_task_backend.get_result(result.id) == result
    with pytest.raises(TaskResultMismatch):
        add.get_result(result.id)


@pytest.mark.parametrize("id", ["123", "", "01a22af1-704c-7130-bff6-a7eddbcbcd05", None])
def test_an_unknown_result_does_not_exist(id):
    with pytest.raises(TaskResultDoesNotExist):
        default_task_backend.get_result(id)


@pytest.mark.rls_only
def test_another_tenants_result_does_not_exist(globex):
    result = add.enqueue(1)
    with bind_tenant(globex.id), pytest.raises(TaskResultDoesNotExist):
        add.get_result(result.id)


def test_a_task_that_is_none_of_djangos_has_no_result(acme):
    other = tasks.submit("echo", tenant_id=acme.id)
    with pytest.raises(TaskResultDoesNotExist):
        default_task_backend.get_result(str(other.id))


def test_a_key_yields_the_result_that_took_it():
    first = add.using(dedup_key="order 7").enqueue(1)
    assert add.using(dedup_key="order 7").enqueue(1).id == first.id
    assert len(stored()) == 1


@pytest.mark.rls_only
def test_a_tenant_is_named_by_the_task_or_by_the_backend(globex):
    add.using(tenant="globex").enqueue(1)
    assert stored()[0].tenant_id == globex.id
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": {"TENANT": "globex"}}}):
        result = add.enqueue(1)
        assert add.get_result(result.id) == result
    assert stored()[1].tenant_id == globex.id


def test_who_listens_hears_of_it():
    heard = []

    def listen(sender, task_result, **_):
        heard.append((sender, task_result.id))

    task_enqueued.connect(listen)
    try:
        result = add.enqueue(1)
    finally:
        task_enqueued.disconnect(listen)
    assert heard == [(type(task_backends["default"]), result.id)]


def test_what_the_platform_refuses_is_an_invalid_task():
    with pytest.raises(InvalidTaskError, match="labels"):
        add.using(labels=tuple(f"label {number}" for number in range(17))).enqueue(1)
    with pytest.raises(InvalidTaskError, match="ten years"):
        add.using(run_after=timezone.now() + timedelta(days=4_000)).enqueue(1)
    any_queue = override_settings(TASKS={"default": {"BACKEND": BACKEND, "QUEUES": []}})
    with any_queue, pytest.raises(InvalidTaskError, match="nowhere"):
        add.using(queue_name="nowhere").enqueue(1)
    with pytest.raises(InvalidTaskError, match="Queue 'elsewhere' is not valid"):
        add.using(queue_name="elsewhere")
    with pytest.raises(TypeError, match="Unsupported type"):
        add.enqueue(object())
    assert stored() == []


def test_a_function_whose_path_can_be_no_type_is_refused():
    def größer() -> None: ...

    größer.__qualname__ = "größer"
    with pytest.raises(InvalidTaskError, match="ASCII"):
        task(größer)


def test_clients_of_the_api_cannot_call_functions(acme):
    with pytest.raises(InvalidTask, match="has no handler here"):
        tasks.submit("tests.samples.django_calls.add", {"args": [1], "kwargs": {}}, tenant_id=acme.id)


def test_the_queues_of_the_setting_are_there_after_migrating():
    assert add.using(queue_name="mails").enqueue(1).task.queue_name == "mails"


def test_checks_say_what_is_wrong_with_the_setting():
    assert default_task_backend.check() == []
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": {"TENNANT": "acme"}}}):
        (fault,) = task_backends["default"].check()
    assert "TENNANT" in fault.msg
