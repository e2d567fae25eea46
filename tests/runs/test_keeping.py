"""Attempts of types that keep runs leave them, whatever becomes of the attempt; other types leave none."""

import hashlib

import pytest

from queueapp import tasks
from queueapp.models import Run, Task
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.waiting import wait_until


def test_a_completed_attempt_leaves_a_run_with_its_metrics_and_notes(run, records):
    task = run("sample.ask", {"about": "käse"})
    ((only,), metrics, notes) = records(task)
    normalised = '{"about":"käse","fails":false,"mark":""}'
    assert only.run_key == f"sample.ask:{hashlib.sha256(normalised.encode()).hexdigest()}"
    assert (only.status, only.attempt) == ("completed", 1)
    assert only.metadata == {"task_id": str(task.id), "task_type": "sample.ask", "attempt": 1}
    assert only.started_at <= only.finished_at
    names = {name: value for run_id, name, value in metrics if run_id == only.id}
    assert names.keys() == {"answers", "duration_ms"}
    assert names["answers"] == 42
    assert 0 <= names["duration_ms"] < 20_000
    assert notes == [(only.id, "summary", "asked about käse")]


def test_every_failed_attempt_leaves_its_own(run, records):
    task = run("sample.ask", {"fails": True}, max_retries=1)
    runs, metrics, _ = records(task)
    assert task.status == "dead_letter"
    assert [(each.attempt, each.status, each.finished_at is not None) for each in runs] == [
        (1, "failed", True),
        (2, "failed", True),
    ]
    assert [name for _, name, _ in metrics].count("duration_ms") == 2


def test_a_handlers_own_key_and_none(run, records):
    ((only,), _, _) = records(run("sample.keyed", {"about": "x"}))
    assert only.run_key == "about:x"
    assert records(run("sample.keyed", {}))[0] == []
    refused = run("sample.keyed", {"about": "x" * 300})
    assert (refused.status, refused.error_code) == ("dead_letter", "ValueError")
    assert "1 to 300 characters" in refused.error_message
    assert records(refused)[0] == []


def test_metrics_and_notes_without_a_run(run, records):
    task = run("sample.measure")
    assert records(task) == ([], [(None, "size", {"bytes": 7})], [(None, "remark", "no run here")])


def test_types_that_do_not_ask_for_runs_leave_nothing(run, records):
    assert records(run("echo", {"a": 1})) == ([], [], [])


def test_a_transactional_handlers_run_ends_too(run, records):
    task = run("sample.kept_and_transactional")
    assert task.status == "completed"
    # its own transaction settled it; the run's follows
    wait_until(lambda: [each.status for each in records(task)[0]] == ["completed"])
    with operator_scope("operator:test"):
        assert Task.objects.filter(labels__contains=["child"]).count() == 1


def test_the_run_of_a_killed_worker_ends_as_failed(acme, cluster, records, tmp_path):
    task = tasks.submit("sample.crash_in_run", {"mark": str(tmp_path / "mark"), "times": 1}, tenant_id=acme.id)
    wait_until(lambda: fresh(task).status == "completed")
    wait_until(lambda: [each.status for each in records(task)[0]] == ["failed", "completed"])
    assert [name for _, name, _ in records(task)[1]] == ["duration_ms"] * 2


@pytest.mark.parametrize("type", ["sample.deaf_in_run"])
def test_the_run_of_a_worker_that_ended_itself_ends_as_failed(acme, cluster, records, type):
    task = tasks.submit(type, tenant_id=acme.id, timeout_seconds=1)
    wait_until(lambda: fresh(task).status == "dead_letter")
    wait_until(lambda: [each.status for each in records(task)[0]] == ["failed"])


def test_a_cancelled_task_ends_its_run(acme, cluster, records):
    task = tasks.submit("sample.wait_in_run", tenant_id=acme.id)
    wait_until(lambda: [each.status for each in records(task)[0]] == ["running"])
    tasks.cancel(task.id, tenant_id=acme.id)
    wait_until(lambda: fresh(task).status == "cancelled")
    wait_until(lambda: [each.status for each in records(task)[0]] == ["failed"])


def test_runs_go_with_their_task(run, records):
    task = run("sample.ask", {"about": "to be forgotten"})
    with operator_scope("operator:test"):
        Task.objects.filter(id=task.id).delete()
        assert not Run.objects.exists()
    assert records(task) == ([], [], [])


@pytest.mark.parametrize("type", ["sample.deaf_in_run", "sample.sleep"])
def test_a_task_beyond_the_longest_runtime_is_killed_on_record(acme, configure, type):
    """A deployment set to two seconds: a task that asks for nothing gets that, and is ended by it."""
    configure(TASK_MAX_RUNTIME_SECONDS=2)
    with running_cluster(TASK_MAX_RUNTIME_SECONDS="2") as cluster:
        task = tasks.submit(type, tenant_id=acme.id)
        assert task.timeout_seconds == 2
        wait_until(lambda: fresh(task).status == "dead_letter")
        cluster.log.seek(0)
        assert '"event": "task_killed"' in cluster.log.read()
    assert fresh(task).error_code == "task_runtime_exceeded"
