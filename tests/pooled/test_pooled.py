"""Behind PgBouncer in transaction mode, which nobody told us of: everything works as without it."""

import os
import signal

from django.db import connection

from queueapp import tasks
from queueapp.db.pooler import is_pooled
from queueapp.doctor import check_everything
from queueapp.models import Task
from queueapp.tasks.settle import OutcomeKind
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.pooled.bouncer import running_bouncer
from tests.pooled.conftest import lead_through
from tests.rest.calling import key_for
from tests.rest.live import live_server
from tests.sql_queries import ask
from tests.tasks.workers import Worker
from tests.waiting import wait_until


def test_a_pooler_is_noticed(pooled):
    connection.ensure_connection()
    assert is_pooled(connection)


def test_without_one_none_is(clean_database):
    connection.close()
    connection.ensure_connection()
    assert not is_pooled(connection)


def test_a_task_lives_its_life(pooled, acme):
    worker = Worker()
    task = tasks.submit("echo", {"n": 1}, tenant_id=acme.id, dedup={"key": "once"})
    assert tasks.submit("echo", {"n": 2}, tenant_id=acme.id, dedup={"key": "once"}).id == task.id
    assert worker.claim().id == task.id
    assert worker.settle(task.id, 1, OutcomeKind.COMPLETED, result='{"n": 1}') == "completed"
    assert ask("SELECT count(*) FROM pg_prepared_statements") == 0


def test_killed_workers_lose_nothing(pooled, acme, tmp_path):
    """More connections than the pooler has sessions."""
    marks = tmp_path / "marks"
    slow = [{"type": "sample.record", "params": {"mark": str(marks), "seconds": 0.5}}] * 8
    with running_cluster(workers=3) as cluster:
        ids = tasks.submit_many([*slow, *[{"type": "sample.noop"}] * 300], tenant_id=acme.id)
        wait_until(marks.exists)
        killed = {worker.pid for worker in cluster.live_workers()}
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        done = {"id__in": ids, "status": "completed"}
        with operator_scope("operator:test"):
            wait_until(lambda: Task.objects.filter(**done).count() == len(ids))
            assert Task.objects.filter(**done, attempt=2).exists()
        assert not killed & {worker.pid for worker in cluster.live_workers()}


def test_over_rest_tasks_are_submitted_waited_for_cancelled_and_leave_artifacts(pooled, acme):
    key = key_for(acme)
    with live_server() as live, running_cluster(workers=2):
        done = live.send(
            key, "POST", "/tasks", {"type": "sample.attach", "params": {"times": 3}}, Prefer="wait=30"
        ).json()
        assert done["status"] == "completed"
        assert live.send(key, "GET", f"/artifacts/{done['result']}").content.decode() == done["id"] * 3
        slow = live.send(key, "POST", "/tasks", {"type": "sample.sleep", "params": {"seconds": 60}}).json()["id"]
        wait_until(lambda: live.send(key, "GET", f"/tasks/{slow}").json()["status"] == "leased")
        assert live.send(key, "POST", f"/tasks/{slow}/cancel").status_code in (200, 202)
        wait_until(lambda: live.send(key, "GET", f"/tasks/{slow}").json()["status"] == "cancelled")


def test_doctor_finds_no_fault(pooled):
    findings = list(check_everything())
    assert not [finding for finding in findings if finding.level == "fault"]
    assert any("pooler" in finding.message for finding in findings)


def test_what_a_pooler_refuses_is_said_with_the_way_out(pooled, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"options": "-c statement_timeout=60s"})
    connection.close()
    (fault,) = (finding for finding in check_everything() if finding.level == "fault" and finding.part == "PostgreSQL")
    assert "unsupported startup parameter: options" in fault.message
    assert "ALTER ROLE … SET" in fault.fix


def test_the_documented_ways_to_set_something_for_the_login(clean_database, monkeypatch):
    """With ALTER ROLE; and a URL that tries it itself gets through, to no effect."""
    alter = f'ALTER ROLE CURRENT_USER IN DATABASE "{connection.settings_dict["NAME"]}" '
    execute(alter + "SET statement_timeout = '70s'")
    try:
        with running_bouncer("ignore_startup_parameters = options") as other, monkeypatch.context() as patched:
            connection.close()
            lead_through(other.url, patched)
            patched.setitem(connection.settings_dict, "OPTIONS", {"options": "-c statement_timeout=60s"})
            assert ask("SHOW statement_timeout") == "70s"
            connection.close()
    finally:
        execute(alter + "RESET statement_timeout")


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
