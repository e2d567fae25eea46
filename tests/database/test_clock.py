"""The clock: one for all of the platform, free in production, and movable in a test database only."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from queueapp import clock, maintenance, tasks
from queueapp.db import statements
from queueapp.models import Task
from queueapp.tenancy import operator_scope
from queueapp.testing import clock as testing_clock
from queueapp.testing.clock import moved_clock
from tests.sql_queries import ask

HOUR = timedelta(hours=1)
NOT_OURS = ("now()", "clock_timestamp()", "statement_timestamp()", "CURRENT_TIMESTAMP", "uuidv7()")


def plan_of(query):
    with operator_scope("operator:test"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN (VERBOSE, COSTS OFF) {query}")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_the_planner_leaves_no_call_and_uses_the_index(clean_database):
    plan = plan_of(
        "SELECT id, taskrunner_clock() FROM taskrunner_tasks"
        " WHERE status IN ('scheduled', 'failed') AND run_at <= taskrunner_now() ORDER BY run_at"
    )
    assert "taskrunner_now" not in plan and "taskrunner_clock" not in plan
    assert "Index Cond: (taskrunner_tasks.run_at <= now())" in plan


def test_a_scheduled_task_becomes_due_when_the_clock_is_moved(acme):
    task = tasks.submit("echo", {"n": 1}, tenant_id=acme.id, delay_seconds=3000)
    maintenance.run_once()
    with operator_scope("operator:test"):
        assert Task.objects.get(id=task.id).status == "scheduled"
    with moved_clock(HOUR, using="owner"):
        assert clock.now() > task.run_at
        maintenance.run_once()
        with operator_scope("operator:test"):
            assert Task.objects.get(id=task.id).status == "queued"
    assert clock.now() < task.run_at
    assert ask("SELECT taskrunner_clock() < clock_timestamp() + interval '1 minute'")


def test_no_other_database_is_touched(clean_database, monkeypatch):
    monkeypatch.setattr(testing_clock, "TEST_PREFIX", "not_this_one_")
    with pytest.raises(ImproperlyConfigured, match="is no test database"), moved_clock(HOUR, using="owner"):
        pass


@pytest.mark.parametrize("name", sorted(statements.names()))
def test_no_statement_asks_another_clock(name):
    text = statements.load(name).replace("taskrunner_now()", "").replace("taskrunner_uuidv7()", "")
    assert not [other for other in NOT_OURS if other in text]
