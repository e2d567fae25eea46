"""Two layers, each of which isolates with the other switched off: the guard in Python, the policies in PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import ProgrammingError, connection, connections
from django.db.backends.postgresql.psycopg_any import sql

from queueapp import conf
from queueapp.errors import ScopeError
from queueapp.models import Task
from queueapp.tenancy import one_statement_scope, tenant_scope
from queueapp.tenancy.guard import VIEWS, require_scope, tenant_tables

pytestmark = pytest.mark.rls_only


@contextmanager
def without_guard() -> Iterator[None]:
    connection.ensure_connection()
    position = connection.execute_wrappers.index(require_scope)
    connection.execute_wrappers.remove(require_scope)
    try:
        yield
    finally:
        connection.execute_wrappers.insert(position, require_scope)


@contextmanager
def without_policies(table: str = "taskrunner_tasks") -> Iterator[None]:
    """Row-level security off, and the table open to the app's login; in `single` it is so anyway."""
    if conf.settings.isolation == "single":
        yield
        return
    app = connection.ops.quote_name(connection.settings_dict["USER"])
    with connections["owner"].cursor() as owner:
        owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY; GRANT SELECT ON {table} TO {app}")
        try:
            yield
        finally:
            owner.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; REVOKE SELECT ON {table} FROM {app}")


@pytest.fixture
def tasks(make_task, globex):
    return [make_task(), make_task(tenant=globex)]


@pytest.mark.parametrize("table", sorted(tenant_tables().union(VIEWS)))
def test_the_guard_refuses_every_tenant_table_without_a_scope(clean_database, table):
    for statement in (
        f"SELECT * FROM {table}",
        f'DELETE FROM "{table}"',
        f"with x as (table {table}) select 1",
        f"SELECT * FROM auth_user AS u,{table}",
        f'SELECT * FROM auth_user u, "{table}" t',
        f"SELECT * FROM ({table} CROSS JOIN auth_user)",
    ):
        with pytest.raises(ScopeError, match=f"{table} holds tenants' rows"), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT "tasks", count(*) AS "runs" FROM (VALUES (1)) AS artifacts(tasks) GROUP BY "tasks"',
        'SELECT 1 AS taskrunner_tasks, tenant_id AS "taskrunner_runs" FROM (VALUES (1)) AS host(tenant_id)',
        "WITH tenants AS (SELECT 1 AS workers) SELECT workers FROM tenants ORDER BY workers",
        "SELECT 'from taskrunner_tasks_of_ours'",
        'SELECT h."n", "taskrunner_tasks"."n" FROM (SELECT 1) AS h(n), (SELECT 1) AS "taskrunner_tasks"(n)',
    ],
)
def test_the_guard_does_not_read_the_projects_own_sql(clean_database, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.fetchone()


def test_the_guard_reads_composed_statements_too(clean_database):
    composed = sql.SQL("SELECT * FROM {}").format(sql.Identifier("taskrunner_tasks"))
    with pytest.raises(ScopeError), connection.cursor() as cursor:
        cursor.execute(composed)
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT 1"))


def test_the_guard_watches_no_other_database(clean_database):
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM taskrunner_tasks")  # the owner sees none without a role
        assert cursor.fetchone() == (0,)


def test_the_guard_lets_other_tables_pass(clean_database):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'tasks'::text, count(*) FROM django_migrations")
        assert cursor.fetchone()[1] > 0


def test_without_the_guard_the_database_refuses(tasks):
    with without_guard(), pytest.raises(ProgrammingError, match="permission denied for table taskrunner_tasks"):
        Task.objects.count()


def test_without_the_guard_a_scope_shows_one_tenant(tasks, acme):
    with without_guard(), tenant_scope(acme.id):
        assert list(Task.objects.values_list("tenant_id", flat=True)) == [acme.id]


def test_without_the_guard_the_database_refuses_a_second_statement_in_a_scope_of_one(tasks, acme):
    with without_guard(), one_statement_scope(acme.id):
        assert list(Task.objects.values_list("tenant_id", flat=True)) == [acme.id]
        with pytest.raises(ProgrammingError, match="permission denied for table taskrunner_tasks"):
            Task.objects.count()


def test_without_the_policies_the_guard_refuses(tasks):
    with without_policies(), pytest.raises(ScopeError):
        Task.objects.count()


def test_without_either_everything_is_seen(tasks):
    """The control: these tests would notice a leak."""
    with without_policies(), without_guard():
        assert Task.objects.count() == 2


def test_every_new_connection_is_guarded(clean_database):
    connection.close()
    with pytest.raises(ScopeError):
        Task.objects.count()
    assert connection.execute_wrappers.count(require_scope) == 1
