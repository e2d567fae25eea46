"""Scopes: who the database thinks we are, in and out of a caller's transaction, after success and after failure."""

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, connections, transaction
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext

from queueapp import conf, tasks
from queueapp.errors import ScopeError
from queueapp.models import Task, Tenant
from queueapp.models.base import new_id
from queueapp.tenancy import (
    bind_tenant,
    bound_tenant,
    current_scope,
    ensure_scope,
    one_statement_scope,
    operator_scope,
    system_scope,
    tenant_scope,
    worker_scope,
    worker_statement,
)
from queueapp.tenancy.scopes import WORKER_SETTINGS
from tests.sql_queries import end_session
from tests.waiting import threads

NIL = "00000000-0000-0000-0000-000000000000"
AT_REST = ("none", "", "", "")


def session():
    """Role, tenant, worker and actor as the database has them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('role'), coalesce(current_setting('taskrunner.tenant_id', true), ''),"
            " coalesce(current_setting('taskrunner.worker_id', true), ''),"
            " coalesce(current_setting('taskrunner.actor', true), '')"
        )
        return cursor.fetchone()


def role(name):
    """The database's role; in `single` there is none to take on."""
    return f"taskrunner_{name}" if conf.settings.isolation == "rls" else "none"


def as_client(tenant, actor="client:python"):
    return (role("client"), str(tenant.id), "", actor)


def test_each_scope_sets_its_role_tenant_and_actor(acme):
    worker_id = new_id()
    with tenant_scope(acme.id, actor="client:key"):
        assert session() == as_client(acme, "client:key")
    with operator_scope("operator:alice"):
        assert session() == (role("operator"), NIL, "", "operator:alice")
    with system_scope("maintenance"):
        assert session() == (role("operator"), NIL, "", "system:maintenance")
    with worker_scope(worker_id):
        assert session() == (role("worker"), NIL, str(worker_id), f"worker:{worker_id}")
    assert session() == AT_REST


def test_after_a_failure_the_connection_is_at_rest(acme):
    with pytest.raises(ZeroDivisionError), tenant_scope(acme.id):
        raise ZeroDivisionError
    assert current_scope() is None
    assert session() == AT_REST


def test_a_failed_scope_keeps_none_of_its_work(acme):
    with pytest.raises(ZeroDivisionError), operator_scope("operator:test"):
        Tenant.objects.create(slug="half", name="Half")
        raise ZeroDivisionError
    with operator_scope("operator:test"):
        assert not Tenant.objects.filter(slug="half").exists()


def test_a_callers_transaction_gets_its_own_session_back(acme, globex):
    with transaction.atomic():
        for tenant in (acme, globex, acme):
            with tenant_scope(tenant.id):
                assert session() == as_client(tenant)
            assert session() == AT_REST
            assert current_scope() is None
        Group.objects.create(name="the caller's own table, which needs no scope")
    assert Group.objects.exists()


def test_a_workers_settings_end_with_its_scope(clean_database):
    names = ", ".join(f"current_setting('{name}')" for name in WORKER_SETTINGS)

    def settings():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {names}")
            return cursor.fetchone()

    at_rest = settings()
    with transaction.atomic():
        with worker_scope(new_id()):
            assert settings() == tuple(WORKER_SETTINGS.values())
        assert settings() == at_rest
    with worker_scope(new_id()):
        assert settings() != at_rest
    assert settings() == at_rest


def looked_up():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        return cursor.fetchone()[0]


def test_a_temporary_table_stands_in_for_none_of_ours(make_task, acme):
    """Also where somebody's statement set the path of the whole session."""
    task = make_task()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE taskrunner_tasks (LIKE pg_class)")
        cursor.execute("SET search_path = pg_temp")
    try:
        with tenant_scope(acme.id):
            assert Task.objects.get().id == task.id
        with one_statement_scope(acme.id):
            assert Task.objects.get().id == task.id
        with transaction.atomic(), tenant_scope(acme.id):
            assert Task.objects.get().id == task.id
        assert tasks.submit("echo", tenant_id=acme.id).status == "queued"
        assert looked_up() == "pg_temp"
    finally:
        connection.close()


def test_a_callers_transaction_gets_its_own_search_path_back(acme):
    at_rest = looked_up()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL search_path = pg_catalog")
        with tenant_scope(acme.id):
            assert looked_up() == f"{at_rest}, pg_temp"
        assert looked_up() == "pg_catalog"
    with worker_scope(new_id()):
        assert looked_up() == f"{at_rest}, pg_temp"
    assert looked_up() == at_rest


def test_a_callers_transaction_survives_a_failed_scope(acme):
    with transaction.atomic():
        Group.objects.create(name="before")
        with pytest.raises(IntegrityError), operator_scope("operator:test"):
            Tenant.objects.create(slug="acme", name="taken")
        assert session() == AT_REST
        with pytest.raises(ZeroDivisionError), tenant_scope(acme.id):
            raise ZeroDivisionError
        assert session() == AT_REST
        Group.objects.create(name="after")
    assert Group.objects.count() == 2


def test_a_savepoint_that_is_rolled_back_takes_the_scope_back(acme):
    with transaction.atomic():
        savepoint = transaction.savepoint()
        with tenant_scope(acme.id):
            assert session() == as_client(acme)
        transaction.savepoint_rollback(savepoint)
        assert session() == AT_REST
        with operator_scope("operator:test"):
            inner = transaction.savepoint()
            transaction.savepoint_rollback(inner)
            assert session()[0] == role("operator")
        assert session() == AT_REST


def test_a_scope_in_a_scope_of_the_same_tenant_restores_the_outer_actor(acme):
    with tenant_scope(acme.id, actor="client:outer"):
        with tenant_scope(acme.id, actor="client:inner"):
            assert session() == as_client(acme, "client:inner")
        assert session() == as_client(acme, "client:outer")
        assert current_scope().actor == "client:outer"
        with pytest.raises(ZeroDivisionError), tenant_scope(acme.id, actor="client:inner"):
            raise ZeroDivisionError
        assert session() == as_client(acme, "client:outer")


def test_a_scopes_settings_come_with_its_first_statement(acme):
    with CaptureQueriesContext(connection) as queries, tenant_scope(acme.id, actor="client:100% 'quoted'"):
        assert session() == as_client(acme, "client:100% 'quoted'")
        assert Task.objects.filter(type__startswith="50%").count() == 0
    sent = [query["sql"] for query in queries]
    assert len([sql for sql in sent if "current_setting" in sql or "taskrunner_tasks" in sql]) == 2
    assert len([sql for sql in sent if "set_config" in sql]) == 1


def test_a_scope_of_one_statement_opens_no_transaction(acme):
    with CaptureQueriesContext(connection) as queries, one_statement_scope(acme.id):
        assert session() == as_client(acme)
        assert not connection.in_atomic_block
    assert len(queries) == 1
    assert current_scope() is None
    assert session() == AT_REST


def test_a_workers_statement_is_in_its_scope(clean_database):
    worker_id = new_id()
    as_worker = (role("worker"), NIL, str(worker_id), f"worker:{worker_id}")
    with CaptureQueriesContext(connection) as queries, worker_statement(worker_id):
        assert session() == as_worker
    assert len(queries) == 1
    assert session() == AT_REST
    with worker_scope(worker_id), worker_statement(worker_id):
        assert session() == session() == as_worker


def test_a_statement_on_a_new_connection_keeps_its_scope(acme):
    connection.close()  # and the login is checked before anything else is asked
    with one_statement_scope(acme.id):
        assert session() == as_client(acme)


def test_nothing_that_is_sent_on_reconnecting_takes_the_scopes_settings(acme):
    """Neither a receiver of Django's signal nor the look whether a connection still lives is the scope's statement."""

    def prepare_session(connection, **_):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'prepared'")

    connection_created.connect(prepare_session)
    try:
        for _ in range(2):
            end_session(connection)
            connection.health_check_enabled, connection.health_check_done = True, False  # as after a request
            with one_statement_scope(acme.id):
                assert session() == as_client(acme)
            end_session(connection)
            connection.health_check_enabled, connection.health_check_done = True, False
            with tenant_scope(acme.id):
                assert session() == as_client(acme)
    finally:
        connection_created.disconnect(prepare_session)


def test_a_session_that_says_nothing_is_not_asked_whether_it_lives(acme, monkeypatch):
    tasks.submit("echo", tenant_id=acme.id)
    monkeypatch.setattr(connections["default"], "is_usable", lambda: pytest.fail("asked"))
    connection.health_check_enabled, connection.health_check_done = True, False  # as after a request
    assert tasks.submit("echo", tenant_id=acme.id).status == "queued"


def test_a_thread_submits_again_after_its_session_was_ended(acme):
    with bind_tenant(acme.id):
        tasks.submit("echo")
        end_session(connection)
        connection.close_if_unusable_or_obsolete()  # what Django does at the start of a request
        connection.health_check_done = False
        assert tasks.submit("echo").status == "queued"


@pytest.mark.rls_only
def test_a_scope_of_one_statement_has_no_second(make_task):
    task = make_task()
    with one_statement_scope(task.tenant_id):
        assert Task.objects.count() == 1
        with pytest.raises(ScopeError, match="open tenant_scope"):
            Task.objects.count()
        assert session() == AT_REST
    with one_statement_scope(task.tenant_id):
        pass
    with pytest.raises(ScopeError):
        Task.objects.count()


def test_a_scope_of_one_statement_keeps_nothing_of_a_failed_one(acme):
    with pytest.raises(IntegrityError), one_statement_scope(acme.id), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO taskrunner_tasks (tenant_id, type, queue, status, priority)"
            " SELECT %s, 'echo', 'default', 'queued', n FROM generate_series(105, 106) AS n",
            [acme.id],
        )
    assert current_scope() is None
    assert session() == AT_REST
    with tenant_scope(acme.id):
        assert not Task.objects.exists()


def test_in_a_transaction_a_scope_of_one_statement_is_like_any_other(acme):
    with transaction.atomic():
        with one_statement_scope(acme.id):
            assert session() == session() == as_client(acme)
        assert session() == AT_REST
    with operator_scope("operator:alice"), one_statement_scope(acme.id):
        assert session() == (role("operator"), NIL, "", "operator:alice")


def test_a_scope_that_sends_nothing_sets_nothing(acme):
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        with tenant_scope(acme.id):
            pass
        assert session() == AT_REST
    assert not any("set_config" in query["sql"] for query in queries)


def test_a_scope_that_fails_before_its_first_statement_leaves_the_callers_transaction_usable(acme):
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), tenant_scope(acme.id):
            raise ZeroDivisionError
        assert session() == AT_REST


def test_server_side_cursors_and_batches_run_in_the_scope_too(make_task):
    task = make_task()
    with tenant_scope(task.tenant_id):
        assert [found.id for found in Task.objects.iterator(chunk_size=10)] == [task.id]
    with tenant_scope(task.tenant_id), connection.cursor() as cursor:
        cursor.executemany("UPDATE taskrunner_tasks SET priority = %s", [(7,), (8,)])
    with tenant_scope(task.tenant_id):
        assert Task.objects.get().priority == 8


def test_the_same_scope_again_sends_nothing(acme):
    with tenant_scope(acme.id), CaptureQueriesContext(connection) as queries, tenant_scope(acme.id):
        pass
    assert len(queries) == 0


def test_no_scope_opens_inside_anothers(acme, globex):
    scopes = {
        "acme": lambda: tenant_scope(acme.id),
        "globex": lambda: tenant_scope(globex.id),
        "operator": lambda: operator_scope("operator:test"),
        "worker": lambda: worker_scope(new_id()),
    }
    for outer in scopes:
        for inner in scopes.keys() - {outer}:
            with scopes[outer]():
                before = session()
                with pytest.raises(ScopeError), scopes[inner]():
                    pytest.fail(f"{inner} opened inside {outer}")
                assert session() == before


@pytest.mark.rls_only
def test_a_thread_has_no_scope_of_its_starters(acme):
    with threads(1) as run, operator_scope("operator:test"):
        assert run(current_scope).result() is None
        with pytest.raises(ScopeError):
            run(Task.objects.count).result()
        assert run(session).result() == AT_REST


def test_a_bound_actor_is_the_scopes(acme):
    with bind_tenant(acme.id, actor="client:billing"):
        with ensure_scope():
            assert session() == as_client(acme, "client:billing")
        with one_statement_scope():
            assert session() == as_client(acme, "client:billing")
        with tenant_scope(actor="client:other"):
            assert session() == as_client(acme, "client:other")
    with tenant_scope(acme.id):
        assert session() == as_client(acme)


@pytest.mark.rls_only
def test_binding_sends_no_sql_and_sees_nothing(acme):
    with CaptureQueriesContext(connection) as queries, bind_tenant(acme.id):
        assert bound_tenant() == acme.id
    assert len(queries) == 0
    with bind_tenant(acme.id), pytest.raises(ScopeError, match="open tenant_scope"):
        Task.objects.count()
    with pytest.raises(ScopeError, match="No tenant is bound"):
        bound_tenant()


@pytest.mark.rls_only
def test_a_scope_takes_the_bound_tenant(acme, globex):
    with bind_tenant(globex.id), bind_tenant(acme.id):
        with tenant_scope():
            assert session() == as_client(acme)
        with ensure_scope():
            assert session() == as_client(acme)
    with pytest.raises(ScopeError, match="No tenant is bound"), tenant_scope():
        pytest.fail("a scope without a tenant")


def test_verbs_take_the_open_scope(acme, globex):
    with operator_scope("operator:alice"), ensure_scope(acme.id) as scope:
        assert scope.actor == "operator:alice"
    with tenant_scope(acme.id, actor="client:outer"), ensure_scope() as scope:
        assert scope.tenant_id == acme.id
    with tenant_scope(acme.id), pytest.raises(ScopeError), ensure_scope(globex.id):
        pytest.fail("another tenant's scope")


@pytest.mark.parametrize("actor", ["alice", "", "client", "client:", "system:client", "sql:x"])
def test_an_actor_says_who_it_is(acme, actor):
    for opened in (bind_tenant(acme.id, actor=actor), operator_scope(actor)):
        with pytest.raises(ScopeError, match="An actor says who it is"), opened:
            pytest.fail("a scope of an actor that the transition table does not know")
    if actor:
        with pytest.raises(ScopeError, match="An actor says who it is"), tenant_scope(acme.id, actor=actor):
            pytest.fail("a scope of an actor that the transition table does not know")


def test_the_system_is_no_operator(clean_database):
    with pytest.raises(ScopeError, match="here `operator:…`"), operator_scope("system:me"):
        pytest.fail("an operator's scope in the name of the platform")
