"""What the database itself refuses to everybody: the rules of configapp/schema, attacked with raw SQL as each role."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, connections, transaction

from configapp.changes import submit_change
from configapp.changes.accept import system_tenant
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope, tenant_scope, worker_scope
from tests.configapp.applying import ALICE
from tests.sql_queries import sqlstate

TABLES = sorted(model._meta.db_table for model in apps.get_app_config("configapp").get_models())
NO_PRIVILEGE = "42501"
FOLLOWS_NOTHING = "23514"  # the trigger of config_versions, which sees no more than the role does, speaks first


@pytest.fixture
def system(clean_database):
    with operator_scope("operator:test"):
        return system_tenant()


@pytest.fixture
def history(config_worker):
    """A key with two versions, one change that waits, and a secret."""
    submit_change("app.api_port", 9000, actor=ALICE)
    submit_change("app.api_port", 9001, actor=ALICE)
    submit_change("github.api_token", "a secret of some length", actor=ALICE)
    config_worker.run_all()
    submit_change("app.api_port", 9002, actor=ALICE)


def refusal(scope, statement):
    """(SQLSTATE, constraint) of a statement; None when it was accepted; then it is undone."""
    with scope, transaction.atomic(), connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(statement)
                touched = cursor.rowcount
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except DatabaseError as error:
            return sqlstate(error), error.__cause__.diag.constraint_name
        transaction.set_rollback(True)
        assert touched > 0, "it touched nothing, so it proved nothing"
        return None


def operator():
    return operator_scope("operator:test")


def test_every_table_is_closed_and_forces_its_policies(clean_database):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT relname, relrowsecurity, relforcerowsecurity, EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid)"
            " FROM pg_class c WHERE relname = ANY (%s)",
            [TABLES],
        )
        assert sorted(cursor.fetchall()) == [(table, True, True, True) for table in TABLES]


@pytest.mark.parametrize("table", TABLES)
def test_a_login_a_worker_and_another_tenant_see_and_change_nothing(history, acme, table):
    with connection.cursor() as cursor, pytest.raises(DatabaseError) as denied:
        cursor.execute(f"SELECT * FROM {table}")
    assert sqlstate(denied.value) == NO_PRIVILEGE
    with connections["owner"].cursor() as owner:
        owner.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1", [table])
        ((column,),) = owner.fetchall()
    statements = (
        f"SELECT * FROM {table}",
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"INSERT INTO {table} DEFAULT VALUES",
        f"TRUNCATE {table} CASCADE",
    )
    for scope in (worker_scope(new_id()), tenant_scope(acme.id)):
        with scope, connection.cursor() as cursor:
            for statement in statements:
                assert _answer(cursor, statement) in ([], 0, NO_PRIVILEGE, FOLLOWS_NOTHING), statement


def _answer(cursor, statement):
    try:
        with transaction.atomic():
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else cursor.rowcount
    except DatabaseError as error:
        return sqlstate(error)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE system_config SET config_value = '1'",
        "INSERT INTO system_config (config_key, config_value, version) VALUES ('app.debug', 'true', 1)",
        "DELETE FROM system_config",
        "UPDATE taskrunner_config_versions SET value = '1'",
        "DELETE FROM taskrunner_config_versions",
        "UPDATE taskrunner_config_audit SET actor = 'nobody'",
        "DELETE FROM taskrunner_config_audit",
        "DELETE FROM taskrunner_config_changes",
        "UPDATE taskrunner_config_changes SET value = '1'",
        "UPDATE taskrunner_config_epoch SET number = 0",
        "TRUNCATE taskrunner_config_audit",
    ],
)
def test_records_and_values_are_nobodys_to_write(history, system, statement):
    for scope in (operator(), tenant_scope(system)):
        assert refusal(scope, statement)[0] == NO_PRIVILEGE


def test_only_the_handlers_role_applies_and_it_cannot_read_secrets(history, system):
    apply = "UPDATE taskrunner_config_changes SET status = 'applied', version = 3, finished_at = now()"
    apply += " WHERE status = 'accepted'"
    assert refusal(operator(), apply)[0] == NO_PRIVILEGE
    assert refusal(tenant_scope(system), apply) is None
    assert refusal(tenant_scope(system), "SELECT token FROM taskrunner_config_secrets")[0] == NO_PRIVILEGE


VERSION = """
    INSERT INTO taskrunner_config_versions (config_key, version, value, is_active, change_id, actor)
    SELECT config_key, {version}, '1', true, id, actor FROM taskrunner_config_changes c WHERE {change}
"""
WAITING = "status = 'accepted'"
FIRST = "config_key = 'app.api_port' AND version = 1"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (VERSION.format(version=2, change=WAITING), "config_version_without_gap"),
        (VERSION.format(version=4, change=WAITING), "config_version_without_gap"),
        (VERSION.format(version=3, change=FIRST), "config_version_in_order"),
        (
            "UPDATE taskrunner_config_changes SET status = 'accepted', version = NULL, finished_at = NULL"
            " WHERE version = 2",
            "config_change_ends_once",
        ),
        (
            "UPDATE taskrunner_config_changes SET status = 'applied', version = 9 WHERE status = 'accepted'",
            "tr_config_change_finished_iff_not_accepted",
        ),
        (
            "UPDATE taskrunner_config_changes SET status = 'conflict', version = 9, finished_at = now()"
            " WHERE status = 'accepted'",
            "tr_config_change_version_iff_applied",
        ),
        (
            "UPDATE taskrunner_config_changes SET status = 'lost', finished_at = now() WHERE status = 'accepted'",
            "tr_config_change_status_known",
        ),
        (
            "INSERT INTO taskrunner_config_audit (actor, config_key, action, status, reason, detail, change_id)"
            " SELECT actor, config_key, action, 'success', '', '', change_id FROM taskrunner_config_audit"
            " WHERE version = 1",
            "taskrunner_config_audit_change_id_key",
        ),
        (
            "INSERT INTO taskrunner_config_audit (actor, config_key, action, status, reason, detail)"
            " VALUES ('x', 'app.debug', 'set', 'perhaps', '', '')",
            "tr_config_audit_status_known",
        ),
    ],
)
def test_the_rules_hold_for_the_handlers_role_too(history, system, statement, constraint):
    assert refusal(tenant_scope(system), statement)[1] == constraint


def test_a_version_may_not_overtake_a_change_that_waits(history, system):
    submit_change("app.api_port", 9003, actor=ALICE)
    last = "submission = (SELECT max(submission) FROM taskrunner_config_changes)"
    assert refusal(tenant_scope(system), VERSION.format(version=3, change=last))[1] == "config_version_in_order"


def test_a_change_makes_one_version(history, system):
    """Even if the order were right: the second version of a change is a duplicate."""
    again = VERSION.format(version=3, change="config_key = 'app.api_port' AND version = 2")
    assert refusal(tenant_scope(system), again)[1] == "taskrunner_config_versions_change_id_key"


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ("(1, uuidv7(), 'no key!', 'set', 'x', 'accepted')", "tr_config_change_key_format"),
        ("(1, uuidv7(), 'app.debug', 'burn', 'x', 'accepted')", "tr_config_change_action_known"),
        (
            "((SELECT max(submission) FROM taskrunner_config_changes), uuidv7(),"
            " 'app.api_port', 'set', 'x', 'accepted')",
            "tr_config_change_once",
        ),
    ],
)
def test_a_change_must_be_well_formed(history, values, constraint):
    columns = "submission, task_id, config_key, action, actor, status"
    statement = f"INSERT INTO taskrunner_config_changes ({columns}) VALUES {values}"
    assert refusal(operator(), statement)[1] == constraint


def test_the_revision_grows_with_every_applied_change_and_every_custom_key(history, config_worker):
    before = revision()
    config_worker.run_all()
    assert revision() == before + 1
    with operator(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO taskrunner_config_keys (config_key, kind, description, choices, secret, free_text, actor)"
            " VALUES ('my.key', 'string', '', '{}', false, false, 'x')"
        )
    assert revision() == before + 2


def revision():
    with operator(), connection.cursor() as cursor:
        cursor.execute("SELECT number FROM taskrunner_config_epoch")
        return cursor.fetchone()[0]
