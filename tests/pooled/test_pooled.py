"""Behind PgBouncer in transaction mode, which nobody told us of: everything works as without it."""

import os
import signal

import psutil
from django.db import connection

from queueapp import tasks
from queueapp.db.pooler import is_pooled
from queueapp.doctor import check_everything
from queueapp.models import Task
from queueapp.tasks.settle import OutcomeKind
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.rest.calling import key_for
from tests.rest.live import live_server
from tests.sql_queries import ask
from tests.tasks.workers import Worker
from tests.waiting import threads, wait_until


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
    """More processes than the pooler has sessions; every task is done, once as far as anybody can see."""
    with running_cluster(workers=3) as cluster:
        ids = tasks.submit_many([{"type": "sample.noop"}] * 300, tenant_id=acme.id)
        ids += tasks.submit_many([{"type": "sample.sleep", "params": {"seconds": 0.2}}] * 12, tenant_id=acme.id)
        for _ in range(2):
            for worker in cluster.live_workers():
                psutil.Process(worker.pid).send_signal(signal.SIGKILL)
            wait_until(lambda: len(cluster.live_workers()) == 3)
        with operator_scope("operator:test"):
            wait_until(lambda: Task.objects.filter(id__in=ids, status="completed").count() == len(ids))


def test_over_rest_tasks_are_submitted_waited_for_cancelled_and_leave_artifacts(pooled, acme):
    key = key_for(acme)
    with live_server() as live, running_cluster(workers=2):
        done = live.send(key, "POST", "/tasks", {"type": "sample.attach"}, Prefer="wait=30").json()
        assert done["status"] == "completed"
        (artifact,) = live.send(key, "GET", f"/tasks/{done['id']}/artifacts").json()["items"]
        assert live.send(key, "GET", f"/artifacts/{artifact['id']}").status_code == 200
        slow = live.send(key, "POST", "/tasks", {"type": "sample.sleep", "params": {"seconds": 60}}).json()["id"]
        wait_until(lambda: live.send(key, "GET", f"/tasks/{slow}").json()["status"] == "leased")
        assert live.send(key, "POST", f"/tasks/{slow}/cancel").status_code in (200, 202)
        wait_until(lambda: live.send(key, "GET", f"/tasks/{slow}").json()["status"] == "cancelled")


def test_doctor_finds_no_fault(pooled):
    findings = list(check_everything())
    assert not [finding for finding in findings if finding.level == "fault"]
    assert any("pooler" in finding.message for finding in findings)
