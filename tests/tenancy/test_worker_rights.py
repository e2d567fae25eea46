"""What a worker may write besides tasks: its own row, and lines to the log of what it holds. Raw SQL, in its role."""

import os

import pytest
from django.db import ProgrammingError, connection

from queueapp.claiming import Capabilities
from queueapp.models import Cluster, TaskLog, Worker
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope, worker_scope
from queueapp.worker.heartbeats import look_after_cluster, register
from tests.tenancy.attacks import answer_to

rls_only = pytest.mark.rls_only
APPEND = "SELECT taskrunner_append_task_log(%s, %s, 'info', 'planted', NULL)"


@pytest.fixture
def two_workers(clean_database):
    mine, other = new_id(), new_id()
    for worker_id in (mine, other):
        register(worker_id, new_id(), Capabilities(queues=("default",)))
    return mine, other


@rls_only
@pytest.mark.parametrize("change", ["stopped_at = now()", "heartbeat_at = now()", "queues = '{none}'"])
def test_a_worker_neither_sees_nor_touches_anothers_row(two_workers, change):
    mine, other = two_workers
    with operator_scope("operator:test"):
        before = list(Worker.objects.filter(id=other).values())
    with worker_scope(mine), connection.cursor() as cursor:
        cursor.execute(f"UPDATE taskrunner_workers SET {change} RETURNING id")
        assert cursor.fetchall() == [(mine,)]
        cursor.execute("SELECT id FROM taskrunner_workers")
        assert cursor.fetchall() == [(mine,)]
        for statement in (
            f"UPDATE taskrunner_workers SET id = '{other}'",
            "UPDATE taskrunner_workers SET host = 'elsewhere'",
            f"INSERT INTO taskrunner_workers (id, cluster_id, host, pid, machine, start_ticks, capabilities)"
            f" VALUES ('{new_id()}', '{new_id()}', 'h', 1, 'm', 1, '{{}}')",
            "DELETE FROM taskrunner_workers",
        ):
            assert answer_to(cursor, statement) is None, statement
    with operator_scope("operator:test"):
        assert list(Worker.objects.filter(id=other).values()) == before
        assert Worker.objects.count() == 2


@rls_only
def test_a_worker_sees_no_cluster(clean_database):
    look_after_cluster(cluster_id := new_id(), {"pid": os.getpid()})
    with (
        pytest.raises(ProgrammingError, match="permission denied for table taskrunner_clusters"),
        worker_scope(cluster_id),
    ):
        Cluster.objects.count()


def test_a_line_is_added_to_the_log_of_a_task_that_the_worker_holds_and_no_other(make_task):
    worker_id = new_id()
    held, foreign, queued = make_task("leased", worker_id=worker_id), make_task("leased"), make_task("queued")
    with worker_scope(worker_id), connection.cursor() as cursor:
        answers = []
        for task, attempt in ((held, held.attempt), (held, 7), (foreign, foreign.attempt), (queued, 0)):
            cursor.execute(APPEND, [task.id, attempt])
            answers.append(cursor.fetchone()[0])
    with operator_scope("operator:test"):
        planted = list(TaskLog.objects.filter(message="planted").values_list("task_id", "tenant_id"))
    assert answers == [True, False, False, False]
    assert planted == [(held.id, held.tenant_id)]


def test_no_line_is_added_outside_a_workers_scope(make_task):
    task = make_task("leased")
    with operator_scope("operator:test"), connection.cursor() as cursor:
        answer = answer_to(cursor, f"SELECT taskrunner_append_task_log('{task.id}', 1, 'info', 'planted', NULL)")
        assert answer in (None, "[(False,)]")  # refused; in `single`, where any login may call it, nothing is written
        assert not TaskLog.objects.filter(message="planted").exists()


@rls_only
def test_nobody_writes_the_log_by_hand(make_task):
    worker_id = new_id()
    task = make_task("leased", worker_id=worker_id)
    with worker_scope(worker_id), connection.cursor() as cursor:
        for statement in (
            f"INSERT INTO taskrunner_task_logs (tenant_id, task_id) VALUES ('{task.tenant_id}', '{task.id}')",
            f"SELECT taskrunner_prune_task_logs('{new_id()}', 1, 1)",
        ):
            assert answer_to(cursor, statement) is None, statement
