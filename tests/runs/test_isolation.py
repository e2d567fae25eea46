"""What workers and tenants can reach of runs with raw SQL, and that a stale attempt writes nothing."""

import pytest
from django.db import connection

from queueapp.errors import LeaseLost
from queueapp.models import Run, RunMetric, RunNote, Task
from queueapp.models.base import new_id
from queueapp.runs.recording import add_metric, add_note, end_runs, start_run
from queueapp.tenancy import operator_scope, system_scope, worker_scope
from tests.factories import fresh
from tests.tenancy.attacks import answer_to


@pytest.fixture
def worker_id():
    return new_id()


@pytest.fixture
def held(make_task, worker_id):
    """A task that the worker holds, its run begun."""
    task = make_task("leased", worker_id=worker_id)
    start_run(worker_id, (task.id, task.attempt), "k")
    return task


@pytest.fixture
def others(make_task, globex):
    """The run of another worker, with a metric and a note."""
    other = new_id()
    task = make_task("leased", tenant=globex, worker_id=other)
    start_run(other, (task.id, task.attempt), "theirs")
    add_metric(other, (task.id, task.attempt), "m", 1)
    add_note(other, (task.id, task.attempt), "n", "x")
    return task


def statuses():
    with operator_scope("operator:test"):
        return list(Run.objects.order_by("id").values_list("status", flat=True))


def test_a_worker_sees_the_run_of_what_it_holds_and_nobody_elses(held, others, worker_id):
    with worker_scope(worker_id), connection.cursor() as cursor:
        for table in ("taskrunner_runs", "taskrunner_run_metrics", "taskrunner_run_notes"):
            cursor.execute(f"SELECT task_id FROM {table}")
            assert cursor.fetchall() == ([(held.id,)] if table == "taskrunner_runs" else [])
            for statement in (
                f"DELETE FROM {table}",
                f"UPDATE {table} SET tenant_id = tenant_id",
                f"TRUNCATE {table}",
                f"INSERT INTO {table} (tenant_id, task_id) VALUES ('{others.tenant_id}', '{others.id}')",
            ):
                assert answer_to(cursor, statement) is None, statement
        for statement in (
            "INSERT INTO taskrunner_run_metrics (tenant_id, task_id, name, value)"
            f" VALUES ('{others.tenant_id}', '{others.id}', 'm', '1')",
            "INSERT INTO taskrunner_run_notes (tenant_id, task_id, type, content)"
            f" VALUES ('{held.tenant_id}', '{others.id}', 'n', '')",
            "INSERT INTO taskrunner_runs (tenant_id, task_id, attempt, run_key)"
            f" VALUES ('{held.tenant_id}', '{held.id}', 9, 'k')",
        ):
            assert answer_to(cursor, statement) is None, statement
        cursor.execute("UPDATE taskrunner_runs SET status = 'failed', finished_at = now()")
        assert cursor.rowcount == 1


def lose(task):
    """As maintenance takes a task back from a worker that went silent."""
    with system_scope("test"):
        Task.objects.filter(id=task.id).update(status="queued", worker_id=None, lease_expires_at=None)


def claim_again(task):
    """Lost, and taken by the same worker once more: only the attempt tells the two apart."""
    lose(task)
    with worker_scope(task.worker_id):
        lease = {"lease_expires_at": task.lease_expires_at, "worker_id": task.worker_id}
        assert Task.objects.filter(id=task.id).update(status="leased", attempt=task.attempt + 1, **lease) == 1


@pytest.mark.parametrize("gone", [lose, claim_again])
def test_a_stale_attempt_writes_nothing(held, worker_id, gone):
    gone(held)
    attempt = (held.id, held.attempt)
    for write in (
        lambda: start_run(worker_id, attempt, "k"),
        lambda: add_metric(worker_id, attempt, "m", 1),
        lambda: add_note(worker_id, attempt, "n", "x"),
    ):
        with pytest.raises(LeaseLost):
            write()
    with operator_scope("operator:test"):
        assert not RunMetric.objects.exists()
        assert not RunNote.objects.exists()
    assert statuses() == ["running"]


def test_a_stale_worker_ends_no_run(held, worker_id):
    lose(held)
    with worker_scope(worker_id):
        assert end_runs(held.id) == 0
    assert statuses() == ["running"]


def test_a_run_is_ended_once_its_attempt_is_over_and_not_before(held, others):
    with system_scope("maintenance"):
        assert end_runs() == 0
    lose(held)
    with system_scope("maintenance"):
        assert end_runs() == 1
        assert end_runs() == 0
    assert statuses() == ["failed", "running"]
    with operator_scope("operator:test"):
        assert RunMetric.objects.get(name="duration_ms").task_id == held.id


def test_a_run_that_missed_its_settling_ends_as_its_task_did(held):
    with worker_scope(held.worker_id):
        Task.objects.filter(id=held.id).update(status="completed", lease_expires_at=None, finished_at=held.created_at)
    assert fresh(held).status == "completed"
    with system_scope("maintenance"):
        assert end_runs() == 1
    assert statuses() == ["completed"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("", 1, "1 to 100 characters"),
        ("x" * 101, 1, "1 to 100 characters"),
        ("a\x00b", 1, "NUL"),
        ("m", float("nan"), "not finite"),
        ("m", {"a": "\x00"}, "NUL"),
        ("m", 2**63, "64 bits"),
        ("m", "x" * 70_000, "65536 bytes"),
        ("m", object(), "JSON cannot carry"),
    ],
)
def test_a_metric_that_cannot_be_kept_is_refused_in_words(held, worker_id, name, value, words):
    with pytest.raises(ValueError, match=words):
        add_metric(worker_id, (held.id, held.attempt), name, value)


def test_a_note_is_a_text_of_some_length(held, worker_id):
    for type, content in (("", "x"), ("t", "x" * 100_001), ("t", "\ud800"), ("t", 5)):
        with pytest.raises(ValueError, match="a note's"):
            add_note(worker_id, (held.id, held.attempt), type, content)
    add_note(worker_id, (held.id, held.attempt), "t", "")
