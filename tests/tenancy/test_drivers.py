"""However Django connects, with parameters bound here or there, pooled or not: scopes hold and tasks run."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection, connections, transaction
from django.db.backends.postgresql.psycopg_any import is_psycopg3

from queueapp import tasks
from queueapp.models import Task
from queueapp.tasks.settle import OutcomeKind
from queueapp.tenancy import bind_tenant, current_scope, one_statement_scope, operator_scope, tenant_scope
from tests.factories import fresh
from tests.sql_queries import ask
from tests.tasks.workers import Worker

CHOICES = {"plain": {}, "bound by the server": {"server_side_binding": True}}
if is_psycopg3:  # with psycopg2 Django has no pool
    CHOICES["pooled"] = {"pool": {"min_size": 1, "max_size": 2}}


@pytest.fixture(params=CHOICES.values(), ids=CHOICES)
def connected(clean_database, request, monkeypatch):
    """This thread's connection, made the other way."""
    settings = connections.settings["default"]
    connection.close()
    with monkeypatch.context() as patched:
        patched.setitem(settings, "OPTIONS", {**settings["OPTIONS"], **request.param})
        patched.setitem(settings, "CONN_MAX_AGE", 0)
        yield
        connection.close()
        if "pool" in request.param:
            connection.close_pool()


def test_tasks_are_submitted_claimed_and_settled(connected, acme):
    with bind_tenant(acme.id):
        first = tasks.submit("echo", {"text": "100 % 'quoted' \\ ünï"}, labels=["a", "b"])
        many = tasks.submit_many([{"type": "echo", "priority": number} for number in range(1, 4)])
    worker = Worker()
    while claimed := worker.claim():
        worker.settle(claimed.id, claimed.attempt, OutcomeKind.COMPLETED, result='{"answer": [1, null, "x"]}')
    assert fresh(first).status == "completed"
    assert fresh(first).params == {"text": "100 % 'quoted' \\ ünï"}
    assert fresh(first).result == {"answer": [1, None, "x"]}
    with operator_scope("operator:test"):
        assert set(Task.objects.filter(status="completed").values_list("id", flat=True)) == {first.id, *many}


def test_one_statement_has_its_scope_and_nothing_after_it(connected, acme):
    with one_statement_scope(acme.id):
        assert ask("SELECT current_setting('taskrunner.tenant_id', true)") == str(acme.id)
    assert current_scope() is None
    assert ask("SELECT current_setting('taskrunner.tenant_id', true)") != str(acme.id)


def test_a_scopes_first_statement_answers_with_its_own_rows(connected, acme, make_task):
    task = make_task("queued")
    with tenant_scope(acme.id):
        assert [found.id for found in Task.objects.filter(id=task.id)] == [task.id]
    with tenant_scope(acme.id):
        assert Task.objects.filter(id=task.id).update(priority=7) == 1
    with tenant_scope(acme.id):
        assert [found.id for found in Task.objects.iterator(chunk_size=10)] == [task.id]
    with transaction.atomic():
        Group.objects.create(name="mine")
        with tenant_scope(acme.id):
            assert Task.objects.get().priority == 7
        Group.objects.get(name="mine").delete()
