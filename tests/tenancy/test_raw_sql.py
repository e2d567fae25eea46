"""Raw SQL of every verb, on whichever table: under a scope's settings it neither sees nor touches others' rows."""

import json
import os
from contextlib import closing
from uuid import UUID

import psycopg2
import pytest
from django.db import IntegrityError, connection

from queueapp.claiming import Capabilities
from queueapp.models import Task
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope, tenant_scope, worker_scope
from queueapp.worker.heartbeats import register
from tests.sql_queries import notices
from tests.tenancy.attacks import Attack, answer_to
from tests.tenancy.rows import TABLES, everything, fill

pytestmark = pytest.mark.rls_only

# with the owner's rights: before a tenant is known, and through an index that no policy would use
READ_BY_FUNCTIONS = (
    "taskrunner_api_keys",
    "taskrunner_memberships",
    "taskrunner_tenants",
    "taskrunner_fetched_pages",
)
RECORDED_BY_WORKERS = (
    "taskrunner_runs",
    "taskrunner_run_metrics",
    "taskrunner_run_notes",
)  # tests/runs/test_isolation.py says how little they reach
SEEN_BY_WORKERS = ("taskrunner_tasks", "taskrunner_artifacts", "taskrunner_pending_objects", *RECORDED_BY_WORKERS)
APPEND_ONLY = ("taskrunner_task_logs", "taskrunner_security_events", "taskrunner_operator_actions")


@pytest.fixture
def worker_id():
    return new_id()


@pytest.fixture
def filled(acme, globex, worker_id):
    """Both tenants have a row in every tenant table."""
    for tenant in (acme, globex):
        fill(tenant, worker_id)


@pytest.fixture
def attack(filled, acme, globex):
    def on(table):
        return Attack(table, acme.id, globex.id, json.loads(everything(table, globex.id)[0]))

    return on


@pytest.fixture(scope="module")
def stranger(django_db_setup):
    """A connection of the app's login that no code of ours has seen, and that names a tenant."""
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as database:
        database.cursor().execute("SET taskrunner.tenant_id = '11111111-1111-7111-b111-111111111111'")
        database.commit()
        yield database


@pytest.mark.parametrize("table", TABLES)
def test_a_client_neither_sees_nor_touches_another_tenants_rows(attack, acme, globex, table):
    before, attempts = everything(table, globex.id), attack(table)
    with tenant_scope(acme.id), connection.cursor() as cursor:
        for statement in attempts.statements(cursor):
            assert str(globex.id) not in (answer_to(cursor, statement) or ""), statement
    assert everything(table, globex.id) == before


@pytest.mark.parametrize("table", [table for table in TABLES if table not in SEEN_BY_WORKERS])
def test_a_worker_has_no_business_with_other_tables(attack, worker_id, table):
    before, attempts = everything(table), attack(table)
    with worker_scope(worker_id), connection.cursor() as cursor:
        for statement in attempts.statements(cursor):
            assert answer_to(cursor, statement) is None, statement
    assert everything(table) == before


def test_a_worker_sees_what_is_queued_and_what_it_holds(attack, worker_id):
    before, attempts = everything("taskrunner_tasks"), attack("taskrunner_tasks")
    tasks = [json.loads(row) for row in before]
    mine = [task["id"] for task in tasks if task["status"] == "queued" or task["worker_id"] == str(worker_id)]
    hidden = {task["id"] for task in tasks} - set(mine)
    assert (len(mine), len(hidden)) == (4, 4)
    with worker_scope(worker_id), connection.cursor() as cursor:
        for statement in attempts.statements(cursor):
            answer = answer_to(cursor, statement) or ""
            assert not any(task_id in answer for task_id in hidden), statement
        cursor.execute("SELECT id::text FROM taskrunner_tasks ORDER BY id")
        assert [task_id for (task_id,) in cursor.fetchall()] == mine
    assert [row for row in everything("taskrunner_tasks") if json.loads(row)["id"] in hidden] == [
        row for row in before if json.loads(row)["id"] in hidden
    ]


@pytest.mark.parametrize("table", ["taskrunner_artifacts", "taskrunner_pending_objects"])
def test_a_worker_sees_the_artifacts_of_the_tasks_it_holds(attack, worker_id, acme, globex, table):
    before, attempts = everything(table), attack(table)
    with operator_scope("operator:test"):
        held = set(Task.objects.filter(worker_id=worker_id).values_list("id", flat=True))
    hidden = [row["id"] for row in map(json.loads, before) if UUID(row["task_id"]) not in held]
    assert hidden
    with worker_scope(worker_id), connection.cursor() as cursor:
        for statement in attempts.statements(cursor):
            answer = answer_to(cursor, statement) or ""
            assert not any(row_id in answer for row_id in hidden), statement
    assert everything(table) == before


@pytest.mark.parametrize("table", TABLES)
def test_an_operator_sees_all_tenants(filled, acme, globex, table):
    rows = "\n".join(everything(table))
    assert str(acme.id) in rows
    assert str(globex.id) in rows


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_not_even_an_operator_rewrites_the_records(filled, globex, table):
    before = everything(table)
    with operator_scope("operator:test"), connection.cursor() as cursor:
        for statement in (f"UPDATE {table} SET actor = 'nobody'", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            assert answer_to(cursor, statement) is None
    assert everything(table) == before


@pytest.mark.parametrize(
    "statement",
    [
        *(f"{verb} {table}" for table in TABLES for verb in ("SELECT * FROM", "DELETE FROM", "TRUNCATE")),
        *(f"COPY (SELECT * FROM {relation}) TO STDOUT" for relation in [*TABLES, "worker_inbox", "taskrunner_audit"]),
    ],
)
def test_a_login_without_a_scope_is_refused(stranger, statement):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        stranger.cursor().execute(statement)
    stranger.rollback()


@pytest.mark.parametrize("table", [table for table in TABLES if table not in READ_BY_FUNCTIONS])
def test_the_owner_without_a_role_sees_no_row(filled, acme, table):
    with closing(psycopg2.connect(os.environ["OWNER_DATABASE_URL"])) as database, database.cursor() as cursor:
        cursor.execute("SELECT set_config('taskrunner.tenant_id', %s, false)", [str(acme.id)])
        cursor.execute(f"SELECT * FROM {table}")
        assert cursor.fetchall() == []


def test_views_show_what_their_reader_may_see(filled, worker_id, acme, globex):
    with tenant_scope(acme.id), connection.cursor() as cursor:
        assert answer_to(cursor, "SELECT * FROM worker_inbox") is None
        assert answer_to(cursor, "SELECT * FROM taskrunner_audit") is None
    register(worker_id, new_id(), Capabilities(queues=("default",), categories=("echo",)))
    with worker_scope(worker_id), connection.cursor() as cursor:
        assert answer_to(cursor, "SELECT * FROM taskrunner_audit") is None
        cursor.execute("SELECT tenant_id, status FROM worker_inbox JOIN taskrunner_tasks USING (id, tenant_id)")
        assert sorted(cursor.fetchall()) == sorted([(acme.id, "queued"), (globex.id, "queued")])


def test_a_leaky_function_is_shown_own_rows_only(filled, acme, globex):
    """The planner may not run a cheap function of the reader's own before the policy."""
    with notices(connection) as told, tenant_scope(acme.id), connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.leak(uuid) RETURNS boolean COST 0.0000001 LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$"
        )
        cursor.execute("SELECT count(*) FROM taskrunner_tasks WHERE pg_temp.leak(tenant_id)")
        assert cursor.fetchone() == (4,)
    saw = "".join(told)
    assert str(acme.id) in saw
    assert str(globex.id) not in saw


def test_sql_that_changes_the_settings_has_left_its_scope(filled, acme, globex):
    """As docs/security.md says: policies hold against faults, not against whoever may choose the SQL."""
    with tenant_scope(acme.id), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('taskrunner.tenant_id', %s, true)", [str(globex.id)])
        cursor.execute("SELECT DISTINCT tenant_id FROM taskrunner_tasks")
        assert cursor.fetchall() == [(globex.id,)]
    with tenant_scope(acme.id):
        assert set(Task.objects.values_list("tenant_id", flat=True)) == {acme.id}


def test_a_foreign_key_tells_foreign_ids_from_unknown_ones_to_nobody(filled, acme, globex):
    foreign = json.loads(everything("taskrunner_tasks", globex.id)[0])["id"]
    columns = "tenant_id, queue, key, expires_at, task_id"
    statement = f"INSERT INTO taskrunner_dedup_keys ({columns}) VALUES (%s, 'q', 'x', now(), %s)"
    answers = []
    for task_id in (foreign, str(new_id())):
        with (
            pytest.raises(IntegrityError, match="tr_dedup_key_task_of_tenant") as refused,
            tenant_scope(acme.id),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [acme.id, task_id])
        answers.append(str(refused.value).replace(task_id, "…"))
    assert answers[0] == answers[1]
