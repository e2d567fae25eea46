"""What goes by age, and what does not: each kind of row on its last day and on the one after."""

import os
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import psycopg2
import pytest
from django.db import ProgrammingError, connections
from django.utils import timezone

from queueapp import maintenance
from queueapp.db import statements
from queueapp.hooks import JobResult, MaintenanceJob
from queueapp.maintenance import MaintenanceRunner, retention, runner
from queueapp.models import Cluster, DedupKey, IdempotencyKey, Run, Task, TaskLog, TaskLogRow
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope, system_scope, tenant_scope, worker_scope
from tests.commands.test_command_purge_rescue import born
from workloads.fetch.models import FetchedPage

# as the trigger writes it, so many days ago
OLD_ROW = """
    INSERT INTO taskrunner_task_logs (at, attempt, transition_id, tenant_id, task_id, actor, message)
    SELECT now() - make_interval(days => %(days)s), 0, t.id, %(tenant)s, %(task)s, 'client:x', 'old'
    FROM taskrunner_task_transitions t, generate_series(1, %(rows)s)
    WHERE from_status IS NULL AND to_status = 'queued' AND who = 'client'
"""


def write_old_log(tenant, task_id, days, rows=1):
    with connections["owner"].cursor() as cursor:
        cursor.execute(OLD_ROW, {"tenant": tenant.id, "task": task_id, "days": days, "rows": rows})


def old_rows():
    with operator_scope("operator:test"):
        return sorted(TaskLog.objects.filter(message="old").values_list("task_id", flat=True))


def prune(**window):
    with system_scope("maintenance"):
        (found,) = statements.rows("prune_task_logs", {"after": UUID(int=0), "keep_days": 30, "batch": 1000, **window})
        return found


@pytest.fixture
def ended(make_task):
    def make(days_ago, status="completed"):
        return make_task(status, id=born(days_ago), finished_at=timezone.now() - timedelta(days=days_ago))

    return make


def test_the_log_goes_of_tasks_that_are_gone_and_of_no_others(acme, globex, make_task):
    living, other = make_task("completed", id=born(400)), make_task(tenant=globex, id=born(31))
    gone, lately = born(31), born(29)
    for tenant, task_id, days in ((acme, living.id, 400), (globex, other.id, 31), (acme, gone, 31), (acme, lately, 29)):
        write_old_log(tenant, task_id, days)
    assert maintenance.run_once()["task_logs_pruned"] == 1
    assert old_rows() == sorted([living.id, other.id, lately])


def test_of_a_task_that_lived_long_the_last_rows_stay_their_time(acme):
    gone = born(60)
    for days in (60, 31, 29):
        write_old_log(acme, gone, days)
    assert maintenance.run_once()["task_logs_pruned"] == 2
    assert old_rows() == [gone]


def test_zero_keeps_the_log_for_ever(acme, configure):
    configure(TASK_LOG_RETENTION_DAYS=0)
    write_old_log(acme, born(3000), 3000)
    assert maintenance.run_once()["task_logs_pruned"] == 0
    assert len(old_rows()) == 1


@pytest.mark.parametrize("days", [0, -5])
def test_whoever_asks_the_last_day_stays(acme, days):
    write_old_log(acme, born(0), 0)
    assert prune(keep_days=days) == {"examined": 0, "deleted": 0, "last_task": None}


def test_batches_pass_by_what_stays_and_find_what_lies_behind_it(acme, make_task):
    living, gone = [make_task(id=born(days)).id for days in (60, 59)], born(50)
    for task_id in living:
        write_old_log(acme, task_id, 50, rows=5)
    write_old_log(acme, gone, 50, rows=2)
    first = prune(batch=2)
    assert first == {"examined": 2, "deleted": 0, "last_task": living[-1]}
    assert prune(batch=2, after=first["last_task"]) == {"examined": 1, "deleted": 2, "last_task": gone}
    assert old_rows() == sorted(living * 5)


def test_the_walk_goes_on_in_the_next_pass_and_rests_at_the_end(acme, make_task, monkeypatch):
    monkeypatch.setattr("queueapp.maintenance.retention.BATCH", 2)
    monkeypatch.setattr(runner, "MOST_SECONDS", 0)  # one batch a pass
    for days in (60, 59, 58):
        write_old_log(acme, make_task(id=born(days)).id, days)
    for days in (57, 56):
        write_old_log(acme, born(days), days)
    maintenance_runner = MaintenanceRunner()
    assert [maintenance_runner.run().get("task_logs_pruned") for _ in range(4)] == [0, 1, 1, None]
    assert len(old_rows()) == 3


@pytest.mark.parametrize(
    "scope", [lambda acme: tenant_scope(acme.id), lambda acme: worker_scope(new_id())], ids=["client", "worker"]
)
def test_only_operators_may_call_the_function(acme, scope):
    with (
        pytest.raises(ProgrammingError, match="permission denied for function taskrunner_prune_task_logs"),
        scope(acme),
    ):
        statements.rows("prune_task_logs", {"after": UUID(int=0), "keep_days": 30, "batch": 1})


def test_a_person_deletes_nothing_through_it(acme):
    write_old_log(acme, born(60), 60)
    with operator_scope("operator:alice"):
        (found,) = statements.rows("prune_task_logs", {"after": UUID(int=0), "keep_days": 30, "batch": 1})
    assert (found["examined"], found["deleted"]) == (0, 0)


def test_a_task_that_wrote_much_goes_in_batches(acme, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    write_old_log(acme, born(60), 60, rows=45)
    write_old_log(acme, born(31), 31)
    first = prune(batch=2)
    assert (first["deleted"], first["last_task"]) == (20, UUID(int=0))
    assert maintenance.run_once()["task_logs_pruned"] == 26
    assert old_rows() == []


@pytest.mark.parametrize("pretence", ["SET taskrunner.actor = 'system:maintenance'", "SET ROLE taskrunner_operator"])
def test_the_owner_deletes_nothing_without_it(acme, pretence):
    write_old_log(acme, born(60), 60)
    with closing(psycopg2.connect(os.environ["OWNER_DATABASE_URL"])) as owner, owner.cursor() as cursor:
        try:
            cursor.execute(pretence)
            cursor.execute("DELETE FROM taskrunner_task_logs")
            assert cursor.rowcount == 0
        except psycopg2.errors.InsufficientPrivilege:
            owner.rollback()
    assert len(old_rows()) == 1


def test_not_even_the_platform_deletes_without_it(acme):
    with (
        pytest.raises(ProgrammingError, match="permission denied for table taskrunner_task_logs"),
        system_scope("maintenance"),
    ):
        TaskLogRow.objects.all().delete()


def test_tasks_are_kept_unless_told_otherwise(ended):
    ended(3000)
    maintenance.run_once()
    with operator_scope("operator:test"):
        assert Task.objects.count() == 1


def test_ended_tasks_go_with_their_runs(ended, make_task, acme, configure):
    configure(TASK_RETENTION_DAYS=14)
    old, recent, promised, waiting = ended(15), ended(13), ended(16, "dead_letter"), make_task(id=born(100))
    with operator_scope("operator:test"):
        Run.objects.create(tenant=acme, task=old, attempt=1, run_key="k")
        DedupKey.objects.create(
            tenant=acme, queue="default", key="k", task=promised, expires_at=timezone.now() + timedelta(hours=1)
        )
    assert maintenance.run_once()["tasks_pruned"] == 1
    with operator_scope("operator:test"):
        assert set(Task.objects.values_list("id", flat=True)) == {recent.id, promised.id, waiting.id}
        assert not Run.objects.exists()


def test_expired_idempotency_keys_go(acme):
    now = timezone.now()
    with operator_scope("operator:test"):
        for key, hours in (("old", -1), ("new", 1)):
            expiry = now + timedelta(hours=hours)
            IdempotencyKey.objects.create(tenant=acme, key=key, digest="0" * 64, expires_at=expiry)
    assert maintenance.run_once()["expired_rows_pruned"] == 1
    with operator_scope("operator:test"):
        assert [key.key for key in IdempotencyKey.objects.all()] == ["new"]


def test_clusters_that_nobody_has_heard_of_for_a_day_go(clean_database):
    for host, hours in (("gone", 25), ("silent", 23)):
        heard_of, cluster_id = timezone.now() - timedelta(hours=hours), new_id()
        with operator_scope("operator:test"):
            Cluster.objects.create(id=cluster_id, host=host, pid=1, machine="m", start_ticks=1, heartbeat_at=heard_of)
    assert maintenance.run_once()["expired_rows_pruned"] == 1
    with operator_scope("operator:test"):
        assert [cluster.host for cluster in Cluster.objects.all()] == ["silent"]


@pytest.mark.parametrize(("days", "left"), [(90, ["new"]), (0, ["new", "old"])])
def test_pages_that_nobody_fetched_again_go(acme, configure, days, left):
    configure(FETCH={"PAGES_RETENTION_DAYS": days})
    with tenant_scope(acme.id):
        for name, age in (("old", 91), ("new", 89)):
            fetched = timezone.now() - timedelta(days=age)
            page = {"text": name, "size_bytes": 1, "sha256": "0" * 64, "fetched_at": fetched}
            FetchedPage.objects.create(tenant=acme, url=f"https://{name}.example/", **page)
    assert maintenance.run_once()["fetched_pages_pruned"] == 2 - len(left)
    with operator_scope("operator:test"):
        assert sorted(FetchedPage.objects.values_list("text", flat=True)) == left


def test_a_job_that_is_behind_holds_nothing_up(clean_database):
    """It is left after its moment, and goes on in the next pass."""
    endless = MaintenanceJob("endless", lambda: lambda: JobResult(1, more=True), every_seconds=60, in_background=False)
    maintenance_runner = MaintenanceRunner([endless])
    assert [maintenance_runner.run()["endless"] > 0 for _ in range(2)] == [True, True]
