"""What logins and roles are granted after a migration."""

from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction

from queueapp.db.operations import TableRights, TenantPolicies
from queueapp.tenancy.grants import grant_after_migrate, grant_tables
from queueapp.tenancy.roles import Role

RIGHTS = "SELECT has_table_privilege(%s, %s, 'SELECT'), has_table_privilege(%s, %s, 'INSERT')"


@contextmanager
def as_owner(statement):
    """A cursor of the owner's, after a statement; nothing of it stays."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(statement)
        yield cursor
        transaction.set_rollback(True, using="owner")


def test_a_login_is_called_what_the_server_calls_it(clean_database, monkeypatch):
    """To a pooler it may be called something else."""
    connection.ensure_connection()
    monkeypatch.setitem(connection.settings_dict, "USER", "postgres.projectref")
    grant_after_migrate(connections["owner"])


def test_another_database_is_granted_nothing(clean_database):
    other = connections["owner"].copy("reporting")
    grant_after_migrate(other)
    assert other.connection is None  # not even asked


@pytest.mark.rls_only
@pytest.mark.parametrize(
    ("statement", "may_insert"),
    [("CREATE VIEW host_relation AS SELECT 1 AS n", False), ("CREATE TABLE host_relation (n integer)", True)],
)
def test_a_hosts_view_is_granted_for_reading(clean_database, statement, may_insert):
    with as_owner(statement) as cursor:
        role = Role.CLIENT.in_database
        grant_tables(cursor, ["host_relation", "not_there"], role)
        cursor.execute(RIGHTS, [role, "host_relation"] * 2)
        assert cursor.fetchone() == (True, may_insert)


@pytest.mark.parametrize("isolation", ["single", pytest.param("rls", marks=pytest.mark.rls_only)])
def test_a_table_may_have_a_name_that_sql_uses(clean_database, isolation):
    operations = [TenantPolicies("order", client="SELECT", append_only=True)]
    if isolation == "rls":
        operations.append(TableRights("order"))
    owner = connections["owner"]
    with as_owner('CREATE TABLE "order" (tenant_id uuid)'), owner.schema_editor(atomic=False) as editor:
        for operation in operations:
            operation.apply(editor, isolation)


def test_two_installations_in_one_database_do_not_share_locks(clean_database):
    with as_owner("SELECT taskrunner_lock('x')"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT taskrunner_try_lock('x')")
        assert cursor.fetchone() == (False,)
        cursor.execute("SET LOCAL search_path = pg_catalog")  # as in another schema
        cursor.execute("SELECT public.taskrunner_try_lock('x')")
        assert cursor.fetchone() == (True,)
