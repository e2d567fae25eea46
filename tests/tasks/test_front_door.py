"""`from queueapp import …`: importable before the apps are ready, and tenants may be named by their slugs."""

import subprocess
import sys
import uuid

import pytest

import queueapp
from queueapp import cancel, get_task, retry, submit, submit_many
from queueapp.errors import ScopeError, TaskNotFound, TenantNotFound
from queueapp.states import Status
from queueapp.tenancy import bind_tenant, operator_scope, tenant_scope


def test_it_is_importable_before_the_apps_are_ready():
    program = f"from queueapp import {', '.join(queueapp.__all__)}"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env={})
    assert result.returncode == 0, result.stderr


def test_what_it_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = queueapp.nothing


def test_a_tenant_is_named_by_slug_or_id(acme, globex):
    by_slug = submit("echo", {"n": 1}, tenant="acme", priority=7)
    by_id = submit("echo", tenant=globex.id)
    assert (by_slug.tenant_id, by_slug.params, by_slug.priority) == (acme.id, {"n": 1}, 7)
    assert by_id.tenant_id == globex.id
    assert submit("echo", tenant=str(globex.id)).tenant_id == globex.id
    with bind_tenant(globex.id):
        assert submit("echo").tenant_id == globex.id


def test_many_are_submitted_in_order(acme):
    ids = submit_many([{"type": "echo", "params": {"n": n}} for n in range(3)], tenant="acme")
    assert [get_task(task_id, tenant="acme").params["n"] for task_id in ids] == [0, 1, 2]


def test_cancel_and_retry(acme):
    task = submit("echo", tenant="acme")
    assert cancel(task.id, tenant="acme").status == Status.CANCELLED
    assert retry(task.id, tenant="acme").status == Status.QUEUED


@pytest.mark.rls_only
def test_a_foreign_and_an_unknown_task_are_not_found(acme, globex):
    task = submit("echo", tenant="acme")
    for task_id, tenant in ((task.id, "globex"), (uuid.uuid4(), "acme")):
        for verb in (get_task, cancel, retry):
            with pytest.raises(TaskNotFound):
                verb(task_id, tenant=tenant)


def test_an_unknown_tenant_is_named(acme):
    for verb in (lambda: submit("echo", tenant="nobody"), lambda: get_task(uuid.uuid4(), tenant="nobody")):
        with pytest.raises(TenantNotFound, match="no tenant 'nobody'"):
            verb()
    unknown = str(uuid.uuid4())
    with pytest.raises(TenantNotFound, match=unknown):
        submit("echo", tenant=unknown)


def test_inside_a_scope_the_slug_is_looked_up_there(acme, globex):
    with tenant_scope(acme.id):
        assert submit("echo", tenant="acme").tenant_id == acme.id
        with pytest.raises((TenantNotFound, ScopeError)):  # the second where its slug was looked up a moment ago
            submit("echo", tenant="globex")
    with operator_scope("operator:test"):
        task = submit("echo", tenant="globex")
        assert get_task(task.id).tenant_id == globex.id
        with pytest.raises(TaskNotFound):
            get_task(task.id, tenant="acme")


def test_a_slug_is_looked_up_once(acme, django_assert_num_queries):
    submit("echo", tenant="acme")
    with django_assert_num_queries(1):
        submit("echo", tenant="acme")
