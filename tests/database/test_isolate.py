"""From `single` to `rls`: one command, which may be cut off, and after which nobody can tell how the database began."""

import os
import subprocess
import sys
from contextlib import closing

import psycopg2
import pytest

from tests.database.test_migrations import CATALOGUE, ROOT, migrate, read, scratch  # noqa: F401 (a fixture)

LEASED_TASK = """
    SET taskrunner.actor = 'client:test';
    INSERT INTO taskrunner_tasks (tenant_id, type, queue, status)
    SELECT id, 'echo', 'default', 'queued' FROM taskrunner_tenants WHERE slug = 'system';
    SET taskrunner.actor = 'worker:test';
    UPDATE taskrunner_tasks SET status = 'leased', attempt = 1, worker_id = taskrunner_uuidv7(),
        lease_expires_at = taskrunner_now() - interval '1 second';
"""
HISTORY = """
    SET ROLE taskrunner_operator;
    SELECT concat_ws(' ', from_status, to_status, split_part(actor, ':', 1)) FROM taskrunner_task_history ORDER BY id
"""
RECORDS = ["taskrunner_task_logs", "taskrunner_security_events", "taskrunner_operator_actions"]


@pytest.fixture
def two_logins(scratch):  # noqa: F811
    """The environment of a database without isolation, with an owner and a login that runs the platform."""
    return {**scratch, "TASKRUNNER_ISOLATION": "single"}


@pytest.fixture
def one_login(two_logins):
    return {**two_logins, "DATABASE_URL": two_logins["OWNER_DATABASE_URL"]}


@pytest.fixture
def single(one_login):
    """As one_login, migrated."""
    migrate(one_login)
    return one_login


def manage(environment, *words):
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def refusal(cursor, statement):
    cursor.execute("SAVEPOINT before")
    with pytest.raises(psycopg2.Error) as refused:
        cursor.execute(statement)
    cursor.execute("ROLLBACK TO before")
    return str(refused.value).splitlines()[0]


def test_without_roles_the_actor_says_who_moves_and_triggers_keep_the_records(single):
    with closing(psycopg2.connect(single["OWNER_DATABASE_URL"])) as database, database.cursor() as cursor:
        cursor.execute(LEASED_TASK)
        cursor.execute("SET taskrunner.actor = 'client:test'")
        completed = "UPDATE taskrunner_tasks SET status = 'completed', finished_at = now(), lease_expires_at = NULL"
        assert refusal(cursor, completed).endswith("client may not move it from leased to completed")
        for statement in ("UPDATE {} SET actor = 'me'", "DELETE FROM {}"):
            for table in RECORDS:
                assert "is append-only" in refusal(cursor, statement.format(table))
        cursor.execute("DELETE FROM taskrunner_tasks")
        cursor.execute("SELECT examined, deleted FROM taskrunner_prune_task_logs(%s, 1, 10)", ["0" * 32])
        assert cursor.fetchone() == (0, 0)  # a day has not passed
        cursor.execute("SELECT count(*) FROM pg_policies")
        assert cursor.fetchone() == (0,)
        cursor.execute("TRUNCATE taskrunner_task_logs")  # as a TransactionTestCase does; only the owner may


def test_the_name_of_the_pruning_function_opens_nothing_to_another_login_than_the_owner(two_logins):
    migrate(two_logins)
    hidden = "DO $$ BEGIN DELETE FROM taskrunner_task_logs /* taskrunner_prune_task_logs */; END $$"
    with closing(psycopg2.connect(two_logins["DATABASE_URL"])) as database, database.cursor() as cursor:
        cursor.execute(LEASED_TASK)
        assert "is append-only" in refusal(cursor, hidden)
        cursor.execute("SELECT examined, deleted FROM taskrunner_prune_task_logs(%s, 1, 10)", ["0" * 32])
        assert cursor.fetchone() == (0, 0)


@pytest.mark.parametrize("logins", ["one_login", "two_logins"])
def test_a_database_is_isolated_in_several_runs_and_its_leased_tasks_go_on(request, logins):
    single = request.getfixturevalue(logins)
    rls = {**single, "TASKRUNNER_ISOLATION": "rls"}
    migrate(single)
    with closing(psycopg2.connect(single["OWNER_DATABASE_URL"])) as database, database.cursor() as cursor:
        cursor.execute(LEASED_TASK)
        database.commit()
        cursor.execute("LOCK TABLE taskrunner_runs")
        cut_off = manage({**single, "PGOPTIONS": "-c lock_timeout=500ms"}, "isolate", "rls")
        assert cut_off.returncode == 1 and "lock timeout" in cut_off.stderr
        database.rollback()
    assert manage(single, "isolate", "rls").returncode == 0
    assert "in rls already" in manage(single, "isolate", "rls").stdout
    isolated = read(rls, CATALOGUE)
    done = manage(rls, "rescue")
    assert done.returncode == 0, done.stderr
    assert read(rls, HISTORY) == ["queued client", "queued leased worker", "leased queued system"]
    migrate(rls, "queueapp", "zero")
    migrate(rls)
    assert read(rls, CATALOGUE) == isolated


def test_the_sql_of_the_roles_is_printed_for_who_may_run_it(single):
    environment = {**single, "TASKRUNNER_PREFIX": "elsewhere"}
    printed = manage(environment, "isolate", "--print-sql").stdout
    assert printed.count("CREATE ROLE elsewhere_") == printed.count("WITH INHERIT FALSE, SET TRUE") == 3
    with closing(psycopg2.connect(os.environ["OWNER_DATABASE_URL"])) as database, database.cursor() as cursor:
        cursor.execute(printed)  # never committed: roles belong to the whole server
