"""Submit again: a copy with changes, secrets and all, that names what it repeats."""

import pytest
from django.db import IntegrityError

from queueapp import tasks
from queueapp.errors import InvalidTask, TaskNotFound
from queueapp.models import Task, TaskLog
from queueapp.models.base import new_id
from queueapp.redaction import masked
from queueapp.tenancy import operator_scope
from tests.factories import fresh

SECRET = {"api_token": "s3cr3t-value", "note": "sent s3cr3t-value", "urls": ["https://u:pw12345678@host/a"], "n": 1}


@pytest.fixture
def source(acme, make_task):
    options = {"labels": ["red"], "requirements": {"region": "eu"}}
    task = make_task("dead_letter", params=SECRET, priority=8, max_retries=3, timeout_seconds=60, **options)
    return fresh(task)


def again(source, *arguments, **changes):
    return fresh(tasks.submit_again(source.id, *arguments, tenant_id=source.tenant_id, **changes))


def test_it_is_a_new_task_like_the_earlier_one(source):
    new = again(source)
    same = ("type", "queue", "params", "labels", "requirements", "priority", "max_retries", "timeout_seconds")
    assert {name: getattr(new, name) for name in same} == {name: getattr(source, name) for name in same}
    assert (new.status, new.attempt, new.retried_from_id) == ("queued", 0, source.id)
    assert fresh(source).status == "dead_letter"
    with operator_scope("operator:test"):
        said = (
            TaskLog.objects.filter(reason="submitted_again").order_by("id").values_list("task_id", "message", "actor")
        )
        assert list(said) == [
            (new.id, f"repeats task {source.id}", "client:python"),
            (source.id, f"submitted again as task {new.id}", "client:python"),
        ]


def test_what_is_changed_is_checked_and_nothing_else_differs(source):
    new = again(source, {"n": 2}, priority=1, labels=[], delay_seconds=60)
    assert (new.params, new.priority, new.labels, new.status) == ({"n": 2}, 1, [], "scheduled")
    assert (new.max_retries, new.requirements) == (3, {"region": "eu"})
    for changes, field in (
        ({"priority": 11}, "priority"),
        ({"queue": "nowhere"}, "queue"),
        ({"timeout_seconds": 10**6}, "timeout_seconds"),
        ({"type": "echo"}, "type"),
        ({"dedup": {"key": "x"}}, "dedup"),
    ):
        with pytest.raises(InvalidTask) as refusal:
            again(source, **changes)
        assert [error.field for error in refusal.value.errors] == [field]


def test_a_task_of_django_tasks_keeps_its_priority(make_task):
    assert again(fresh(make_task("completed", priority=-95))).priority == -95


def test_secrets_that_still_show_as_masks_come_from_the_earlier_task(source):
    edited = {**masked(source.params, source.secrets), "n": 2, "more": "new"}
    assert edited["api_token"] == "***"
    assert again(source, edited).params == {**SECRET, "n": 2, "more": "new"}
    assert again(source, {**edited, "api_token": "another one"}).params["api_token"] == "another one"


def test_a_mask_that_hides_nothing_is_refused(source, make_task):
    edited = masked(source.params, source.secrets)
    with pytest.raises(InvalidTask) as refusal:
        again(source, {**edited, "other_token": "***", "urls": ["https://u:***@elsewhere/a"]})
    assert [(error.field, error.code) for error in refusal.value.errors] == [
        ("params.urls.0", "masked_value"),
        ("params.other_token", "masked_value"),
    ]
    assert again(make_task("completed", params={"text": "plain"}), {"text": "***bold***"}).params == {
        "text": "***bold***"
    }


def test_only_ones_own_tasks_can_be_repeated(source, globex):
    for task_id, tenant_id in ((source.id, globex.id), (new_id(), source.tenant_id)):
        with pytest.raises(TaskNotFound):
            tasks.submit_again(task_id, tenant_id=tenant_id)
    with operator_scope("operator:test"), pytest.raises(TaskNotFound):
        tasks.submit_again(source.id, tenant_id=globex.id)
    for other in (source.id, new_id()):
        with pytest.raises(IntegrityError, match="its tenant has no task"), operator_scope("operator:test"):
            row = {"type": "echo", "queue": "default", "status": "queued", "params": {}, "requirements": {}}
            Task.objects.create(tenant=globex, retried_from_id=other, **row)


def test_what_it_repeats_may_be_gone_and_never_changes(source):
    new = again(source)
    with operator_scope("operator:test"), pytest.raises(IntegrityError, match="may not change"):
        Task.objects.filter(id=new.id).update(retried_from_id=None)
    with operator_scope("operator:test"):
        Task.objects.filter(id=source.id).delete()
    assert fresh(new).retried_from_id == source.id
    assert again(new).retried_from_id == new.id
