"""The database fixture itself: a test that leaves something open is told so, and nothing reaches the next test."""

from threading import Event

import pytest
from django.db import connection, transaction
from redis import Redis

from queueapp import conf, tasks
from queueapp.db.installation import installed_isolation
from queueapp.models import Queue, Task, Tenant
from queueapp.redis.connections import redis_client
from queueapp.redis.notifier import notification_list, notify
from queueapp.states import Status
from queueapp.tenancy import bind_tenant, operator_scope
from tests.database_fixture import empty_everything, kept_tenants, leftovers
from tests.factories import fresh
from tests.notifications import notifications
from tests.waiting import PATIENCE_SECONDS, threads, wait_until


@pytest.mark.parametrize("status", Status)
def test_make_task_yields_every_status_with_the_fields_asked_for(make_task, globex, status):
    task = make_task(status, tenant=globex, labels=["a"], type="echo", priority=9)
    assert (task.status, task.tenant_id, task.labels, task.priority) == (status, globex.id, ["a"], 9)


def test_an_open_scope_is_found_and_closed(clean_database):
    scope = operator_scope("operator:forgetful")
    scope.__enter__()
    assert leftovers() == ["a scope (operator:forgetful)", "a transaction"]
    assert not connection.in_atomic_block
    assert leftovers() == []


def test_an_open_transaction_is_found(clean_database):
    transaction.atomic().__enter__()
    assert leftovers() == ["a transaction"]


def test_a_bound_tenant_is_found(acme):
    with bind_tenant(acme.id):
        assert leftovers() == [f"a bound tenant ({acme.id})"]


def test_another_sessions_open_transaction_is_found(clean_database):
    opened, close = Event(), Event()

    def hold_a_transaction():
        with transaction.atomic():
            connection.cursor().execute("SELECT 'held'")
            opened.set()
            close.wait(PATIENCE_SECONDS)

    with threads(1) as run:
        run(hold_a_transaction)
        opened.wait(PATIENCE_SECONDS)
        (fault,) = leftovers(seconds=0)
        close.set()
    assert fault.endswith("idle in transaction: SELECT 'held'")


def test_who_waits_for_notifications_is_found(clean_database):
    with threads(1) as run:
        patient = Redis.from_url(conf.settings.redis_url)
        woken = run(patient.blpop, notification_list("default"), PATIENCE_SECONDS)
        wait_until(lambda: leftovers(seconds=0) == ["a worker that waits for notifications"])
        notify(["default"])
        assert woken.result()
    assert leftovers() == []


def test_emptying_leaves_what_migrations_made(make_task):
    task = make_task("queued")
    with operator_scope("operator:test"):
        Queue.objects.create(name="extra")
        Queue.objects.filter(name="default").update(strategy="fair")
    tasks.submit("echo", tenant_id=task.tenant_id)
    assert notifications() == 1
    empty_everything()
    assert redis_client().dbsize() == 0
    with operator_scope("operator:test"):
        assert list(Tenant.objects.values_list("slug", flat=True)) == kept_tenants()
        assert list(Queue.objects.filter(name__in=["default", "extra"]).values_list("name", "strategy")) == [
            ("default", "priority")
        ]
        assert not Task.objects.exists()
        assert installed_isolation(connection) == conf.settings.isolation
    with pytest.raises(Task.DoesNotExist):
        fresh(task)
