"""`purge` and `rescue`: what the maintenance runner does by itself, asked for."""

from datetime import UTC, datetime, timedelta
from threading import Event
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from queueapp import tasks
from queueapp.artifacts import service
from queueapp.maintenance.runner import MAINTENANCE_LOCK
from queueapp.models import PendingObject, Task, TaskLog
from queueapp.tasks import transitions
from queueapp.tenancy import operator_scope, tenant_scope
from tests.commands.calling import ACTOR, actions, refused, run, run_json
from tests.factories import fresh
from tests.waiting import PATIENCE_SECONDS, threads


def born(days_ago):
    """An id as it was made then: purging finds old tasks by it."""
    then = datetime.now(UTC) - timedelta(days=days_ago)
    return UUID(int=(int(then.timestamp() * 1000) << 80) | 0x7000_8000_0000_0000_0000 | days_ago)


@pytest.fixture
def ended(make_task):
    def make(days_ago, status="completed"):
        return make_task(status, id=born(days_ago), finished_at=timezone.now() - timedelta(days=days_ago))

    return make


def remaining():
    with operator_scope("operator:test"):
        return set(Task.objects.values_list("id", flat=True))


def test_purge_deletes_what_ended_long_ago_and_keeps_its_log(ended, make_task):
    old, recent, waiting = ended(31), ended(29), make_task("queued", id=born(100))
    assert run("purge", "--days", 30) == "Deleted: 1 tasks.\n"
    assert remaining() == {recent.id, waiting.id}
    with operator_scope("operator:test"):
        assert TaskLog.objects.filter(task_id=old.id).count() == 3
    assert actions() == [(ACTOR, "task.purge", "ended 30 days ago")]


def test_purge_commits_batch_by_batch_each_with_its_record(ended, make_task, monkeypatch):
    monkeypatch.setattr(transitions, "BATCH", 2)
    first, *_ = [ended(days) for days in (35, 34, 33, 32, 31)]
    seen = []

    def look_from_elsewhere(**window):
        with threads(1) as run:
            seen.append((len(run(remaining).result(PATIENCE_SECONDS)), len(run(actions).result(PATIENCE_SECONDS))))
        return transitions.purge_batch(**window)

    monkeypatch.setattr(tasks, "purge_batch", look_from_elsewhere)
    assert run_json("purge", "--days", 30) == {"deleted": 5}
    assert seen == [(5, 0), (3, 1), (1, 2), (0, 3)]
    assert first.id not in remaining()


def test_purge_of_zero_days_takes_all_that_ended(ended, make_task):
    for status in ("completed", "dead_letter", "cancelled"):
        ended(len(status), status)
    waiting = make_task("failed")
    assert run_json("purge", "--days", 0) == {"deleted": 3}
    assert remaining() == {waiting.id}


def test_purge_wants_a_number_of_days(clean_database):
    assert "--days" in refused("purge")[1]
    assert "'-1' is not a whole number" in refused("purge", "--days=-1")[1]
    assert (
        "is not a whole number from 0 to 3,650" in refused("purge", "--days=36500")[1]
    )  # before there were uuids of a time
    assert run_json("purge", "--days=3650") == {"deleted": 0}


def test_rescue_promotes_what_is_due_and_takes_back_what_was_lost(make_task):
    due = make_task("scheduled", run_at=timezone.now() - timedelta(seconds=1))
    later = make_task("scheduled")
    lost = make_task("leased", lease_expires_at=timezone.now() - timedelta(seconds=1))
    done = run_json("rescue")
    assert (done["promoted"], done["rescued"]) == (1, 1)
    assert done["deltas_folded"] > 0
    assert [fresh(task).status for task in (due, later, lost)] == ["queued", "scheduled", "queued"]
    assert actions() == [(ACTOR, "maintenance.run", "")]


def test_rescue_is_on_record_where_the_store_is_away(acme, make_task, settings):
    due = make_task("scheduled", run_at=timezone.now() - timedelta(seconds=1))
    with tenant_scope(acme.id):
        service.reserve(acme.id, due.id)
    with operator_scope("operator:test"):
        PendingObject.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    options = {"endpoint_url": "http://127.0.0.1:1", "access_key": "a", "secret_key": "b", "bucket_name": "artifacts"}
    backend = {"BACKEND": "queueapp.artifacts.s3_store.S3Store", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "artifacts": backend}
    assert "artifact store cannot be used" in refused("rescue")[1]
    assert fresh(due).status == "queued"
    assert actions() == [(ACTOR, "maintenance.run", "")]


def test_rescue_prints_a_table(clean_database):
    lines = run("rescue").splitlines()
    assert lines[0].split() == ["JOB", "ROWS"]
    assert ["promoted", "0"] in [line.split() for line in lines]


def test_rescue_leaves_it_to_a_cluster_that_keeps_house(clean_database):
    held, done = Event(), Event()

    def keep_house():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(current_schema()), hashtext(%s))", [MAINTENANCE_LOCK])
            held.set()
            done.wait(PATIENCE_SECONDS)
            cursor.execute("SELECT pg_advisory_unlock(hashtext(current_schema()), hashtext(%s))", [MAINTENANCE_LOCK])

    with threads(1) as start:
        keeper = start(keep_house)
        held.wait(PATIENCE_SECONDS)
        try:
            assert run("rescue") == "Nothing to do: another cluster is running maintenance.\n"
            assert run_json("rescue") == {}
        finally:
            done.set()
        keeper.result(PATIENCE_SECONDS)
