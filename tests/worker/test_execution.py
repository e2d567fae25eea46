"""What becomes of a task, whatever its handler does."""

import pytest

from queueapp import tasks
from queueapp.models import Task, TaskLog
from queueapp.states import FINAL
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.waiting import wait_until


@pytest.fixture
def cluster(clean_database):
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def run(acme, cluster):
    """Submit and wait for the end."""

    def run(type, params=None, *, seconds=20, **options):
        task = tasks.submit(type, params, tenant_id=acme.id, **options)
        wait_until(lambda: fresh(task).status in FINAL)
        return fresh(task)

    return run


def moves(task):
    with operator_scope("operator:test"):
        logs = TaskLog.objects.filter(task_id=task.id, kind="transition").order_by("id")
        return [(log.from_status, log.to_status, log.reason) for log in logs]


def test_results_and_failures(run):
    done = run("echo", {"msg": "hello"})
    assert (done.status, done.result, done.failures) == ("completed", {"msg": "hello"}, 0)
    assert moves(done) == [
        (None, "queued", "submit"),
        ("queued", "leased", "claim"),
        ("leased", "completed", "result"),
    ]

    retried = run("sample.fail", {"times": 2}, max_retries=2)
    assert (retried.status, retried.result, retried.failures, retried.attempt) == ("completed", 3, 2, 3)

    dead = run("sample.fail", {"times": 9}, max_retries=1)
    assert (dead.status, dead.failures, dead.attempt) == ("dead_letter", 2, 2)
    assert (dead.error_code, dead.error_message) == ("RuntimeError", "RuntimeError: attempt 2 went wrong")
    assert moves(dead)[-1] == ("leased", "dead_letter", "RuntimeError")

    given_up = run("sample.give_up")
    assert (given_up.status, given_up.attempt, given_up.error_code) == ("dead_letter", 1, "permanent_failure")

    later = run("sample.later")
    assert (later.status, later.result, later.failures) == ("completed", 2, 1)

    in_parts = run("sample.in_parts")  # without a retry
    assert (in_parts.status, in_parts.result, in_parts.failures, in_parts.error_code) == ("completed", 3, 0, "")
    assert moves(in_parts)[2:5] == [
        ("leased", "scheduled", "later"),
        ("scheduled", "queued", "due"),
        ("queued", "leased", "claim"),
    ]

    unstorable = run("sample.not_json")
    assert (unstorable.status, unstorable.error_code) == ("dead_letter", "result_not_storable")
    assert "NUL" in unstorable.error_message


def test_without_prefetch_each_task_is_settled_before_the_next_starts(acme, clean_database):
    types = ["sample.noop"] * 5 + ["sample.alone"] * 30 + ["sample.noop"] * 5 + ["sample.alone"] * 5
    ids = tasks.submit_many([{"type": type} for type in types], tenant_id=acme.id)
    with running_cluster(workers=1):
        wait_until(lambda: all(fresh(Task(id=id)).status in FINAL for id in ids))
    alone = [fresh(Task(id=id)).result for id, type in zip(ids, types, strict=True) if type == "sample.alone"]
    assert alone == [*range(5, 35), *range(40, 45)]


def test_a_handler_runs_outside_transactions_and_scopes(run):
    task = run("sample.connection")
    assert task.result == {"in_transaction": False, "unscoped": True, "tenant": task.result["tenant"]}
    assert task.result["tenant"] in ("", "00000000-0000-0000-0000-000000000000")


def test_a_transactional_handler_commits_with_its_completion(run, tmp_path):
    task = run("sample.transactional", {"times": 1, "mark": str(tmp_path / "mark")})
    assert (task.status, task.result, task.crash_count) == ("completed", True, 1)
    assert len((tmp_path / "mark").read_text().splitlines()) == 2
    with operator_scope("operator:test"):
        assert Task.objects.filter(labels__contains=["child"]).count() == 1


def test_log_and_progress_are_seen_while_the_task_runs(acme, cluster, tmp_path):
    mark = tmp_path / "mark"
    task = tasks.submit("sample.talk", {"mark": str(mark)}, tenant_id=acme.id)
    wait_until(lambda: fresh(task).progress is not None)
    assert fresh(task).progress == {"fraction": 0.5, "message": "half way"}
    with operator_scope("operator:test"):
        line = TaskLog.objects.get(task_id=task.id, kind="log")
    assert (line.message, line.level, line.detail, line.attempt) == ("half way", "info", {"step": 1}, 1)
    (tmp_path / "mark.go").touch()
    wait_until(lambda: fresh(task).status == "completed")


def test_what_postgresql_cannot_keep_is_written_in_another_way(acme, cluster, tmp_path):
    task = tasks.submit("sample.babble", {"mark": str(tmp_path / "mark")}, tenant_id=acme.id)
    wait_until(lambda: fresh(task).progress is not None)
    assert fresh(task).progress == {"fraction": 0.5, "message": "a\\0b"}
    with operator_scope("operator:test"):
        line = TaskLog.objects.get(task_id=task.id, kind="log")
    assert line.message == "a\\0b"
    odd = {"nul": "a\\0b", "half": "?", "\\0": 1, "2": 3, "nan": "nan", "big": str(2**64), "path": "/x"}
    assert line.detail["odd"] == [odd]
    assert str(line.detail["nested"]).count("[") == 100
    (tmp_path / "mark.go").touch()
    wait_until(lambda: fresh(task).status == "completed")


def test_a_poison_pill_takes_no_neighbours_with_it(acme, cluster):
    requests = [{"type": "sample.noop"}] * 50 + [{"type": "sample.crash"}] + [{"type": "sample.noop"}] * 49
    ids = tasks.submit_many(requests, tenant_id=acme.id)

    def statuses():
        with operator_scope("operator:test"):
            return sorted(Task.objects.filter(id__in=ids).values_list("status", flat=True))

    wait_until(lambda: statuses() == ["completed"] * 99 + ["dead_letter"])
    with operator_scope("operator:test"):
        dead = Task.objects.get(id=ids[50])
    assert (dead.error_code, dead.crash_count, dead.failures) == ("worker_crashed", 3, 0)
