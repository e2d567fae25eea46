"""What the database's own catalogue says about isolation: no table, view, key or function is an exception."""

import pytest
from django.db import connections

from queueapp.tenancy.guard import tenant_tables

pytestmark = pytest.mark.rls_only

ROLES = ["taskrunner_client", "taskrunner_operator", "taskrunner_worker"]
RECORDS = ["taskrunner_task_logs", "taskrunner_security_events", "taskrunner_operator_actions"]
TABLES = sorted(tenant_tables())


@pytest.fixture
def ask(clean_database):
    """Run a query as the owner, who reads the catalogue without any scope."""

    def rows(query, **parameters):
        with connections["owner"].cursor() as cursor:
            cursor.execute(query, {"roles": ROLES, "tables": TABLES, **parameters})
            return cursor.fetchall()

    return rows


@pytest.fixture
def app(clean_database):
    return connections["default"].settings_dict["USER"]


def test_the_guard_knows_every_table_with_a_tenant(ask):
    found = ask("""
        SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'tenant_id'
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT attisdropped
            AND relname !~ '^samples_'  -- of an app that is not ours
    """)
    assert sorted([table for (table,) in found] + ["taskrunner_tenants"]) == TABLES


def test_row_level_security_is_enabled_and_forced_with_policies(ask):
    found = ask("""
        SELECT relname, relrowsecurity, relforcerowsecurity, EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid)
        FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relname = ANY (%(tables)s)
    """)
    assert sorted(found) == [(table, True, True, True) for table in TABLES]


def test_every_policy_names_whom_it_lets_in_and_a_clients_names_the_tenant(ask):
    policies = ask("SELECT tablename, policyname, roles::text, coalesce(qual, with_check) FROM pg_policies")
    assert [policy for policy in policies if "public" in policy[2]] == []
    of_clients = [policy for policy in policies if "taskrunner_client" in policy[2]]
    assert len(of_clients) >= 8
    assert [policy for policy in of_clients if "current_setting('taskrunner.tenant_id'" not in policy[3]] == []


def test_a_view_that_a_worker_reads_shows_its_functions_no_row_that_it_leaves_out(ask):
    leaky = ask("""
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'
            AND has_table_privilege('taskrunner_worker', oid, 'SELECT') AND relname ~ '^(taskrunner_|worker_inbox)'
            AND NOT reloptions @> ARRAY['security_barrier=true']
    """)
    assert leaky == []


def test_views_are_read_as_their_reader(ask):
    owners_views = ask("""
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')
            AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false)
    """)
    assert owners_views == []


def test_unique_keys_that_a_client_can_hit_begin_with_the_tenant(ask):
    """A collision would tell of another tenant's row. A primary key of one uuid is exempt: nobody guesses those.

    So is the prefix of an API key, which is drawn, and tells nothing: logs show it.
    """
    telling = ask("""
        SELECT i.indexrelid::regclass::text
        FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indisunique AND i.indrelid::regclass::text = ANY (%(tables)s) AND a.attname <> 'tenant_id'
            AND NOT (i.indisprimary AND i.indnkeyatts = 1 AND a.atttypid = 'uuid'::regtype)
            AND has_column_privilege('taskrunner_client', i.indrelid, a.attnum, 'INSERT, UPDATE')
    """)
    assert telling == [("taskrunner_api_keys_prefix_key",)]


def test_foreign_keys_between_tenants_tables_carry_the_tenant(ask):
    plain = ask("""
        SELECT conname
        FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
        WHERE contype = 'f' AND conrelid::regclass::text = ANY (%(tables)s)
            AND confrelid::regclass::text = ANY (%(tables)s) AND a.attname <> 'tenant_id'
    """)
    assert plain == []


def test_functions_with_the_owners_rights_pin_their_path_and_are_not_for_everybody(ask):
    found = ask("""
        SELECT proname, array_to_string(proconfig, ',') ~ 'search_path=pg_catalog',
            prorettype = 'trigger'::regtype OR NOT has_function_privilege('public', oid, 'EXECUTE')
        FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace
    """)
    assert len(found) >= 6
    assert [row for row in found if row[1:] != (True, True)] == []


def test_the_roles_can_do_nothing_by_themselves(ask):
    found = ask("""
        SELECT rolname, rolcanlogin OR rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb
        FROM pg_roles WHERE rolname = ANY (%(roles)s)
    """)
    assert sorted(found) == [(role, False) for role in ROLES]


def test_the_app_may_take_the_roles_on_and_inherits_none(ask, app):
    grants = ask(
        """
        SELECT roleid::regrole::text, bool_or(inherit_option), bool_or(set_option)
        FROM pg_auth_members WHERE member = %(app)s::regrole GROUP BY roleid
        """,
        app=app,
    )
    assert sorted(grants) == [(role, False, True) for role in ROLES]


def test_records_may_be_added_and_never_changed(ask, app):
    mutable = ask(
        """
        SELECT who, record FROM unnest(%(everyone)s) AS who, unnest(%(records)s) AS record
        WHERE has_table_privilege(who, record, 'DELETE, TRUNCATE') OR has_any_column_privilege(who, record, 'UPDATE')
        """,
        everyone=[*ROLES, app],
        records=RECORDS,
    )
    assert mutable == []
