"""An earlier result answers a task of the same key: as long as it is fresh, in its own tenant, and unless forced."""

import pytest

from queueapp.models import Artifact, Run, TaskLog
from queueapp.runs.queries import has_been_processed, latest_run_for_key
from queueapp.tenancy import bind_tenant, operator_scope, tenant_scope
from tests.factories import create_task
from tests.waiting import wait_until


@pytest.fixture
def mark(tmp_path):
    """A file, and how often the handler's work was done."""
    path = tmp_path / "mark"
    return str(path), lambda: len(path.read_text().splitlines()) if path.exists() else 0


def test_the_same_again_is_answered_with_the_earlier_result(run, records, mark):
    path, times = mark
    first = run("sample.ask", {"about": "x", "mark": path})
    again = run("sample.ask", {"mark": path, "about": "x"})
    ((made,), _, _) = records(first)
    assert again.result == {
        "artifact_ids": first.result["artifact_ids"],
        "summary": f"deduplicated; answer about x (run {made.id})",
    }
    assert times() == 1
    assert records(again) == ([], [], []), "no work, no run"
    with operator_scope("operator:test"):
        line = TaskLog.objects.get(task_id=again.id, kind="log")
    assert line.detail == {"event": "task_deduplicated", "run_id": str(made.id), "run_key": made.run_key}

    third = run("sample.ask", {"about": "x", "mark": path})
    assert third.result["summary"] == again.result["summary"], "of the run, not of the task that was answered with it"
    run("sample.ask", {"about": "y", "mark": path})
    assert times() == 2


def test_force_does_the_work_again_and_its_result_serves_from_then_on(run, records, mark):
    path, times = mark
    first = run("sample.ask", {"about": "x", "mark": path})
    forced = run("sample.ask", {"about": "x", "mark": path, "force": True})
    assert times() == 2
    assert forced.result["summary"] == "answer about x"
    ((one,), _, _), ((two,), _, _) = records(first), records(forced)
    assert one.run_key == two.run_key
    again = run("sample.ask", {"about": "x", "mark": path, "force": False})
    assert again.result["summary"].endswith(f"(run {two.id})")


def test_a_stale_result_does_not_serve(run, mark):
    path, times = mark
    run("sample.ask_soon", {"mark": path})
    wait_until(lambda: run("sample.ask_soon", {"mark": path}).result["summary"] == "soon stale")
    assert times() == 2


def test_a_result_whose_artifact_is_gone_does_not_serve(run, mark):
    path, times = mark
    first = run("sample.ask", {"mark": path})
    with operator_scope("operator:test"):
        Artifact.objects.get(id=first.result["artifact_ids"][0]).delete()
    assert run("sample.ask", {"mark": path}).result["artifact_ids"] != first.result["artifact_ids"]
    assert times() == 2


def test_a_result_that_names_no_artifact_of_ours_does_not_serve(run, mark):
    path, times = mark
    run("sample.ask", {"about": "an artifact of ours"})
    done = [run("sample.ask_elsewhere", {"mark": path}) for _ in range(2)]
    assert [(task.status, task.result["summary"]) for task in done] == [("completed", "elsewhere")] * 2
    assert times() == 2


def test_a_failed_run_serves_nobody(run, mark):
    path, times = mark
    run("sample.ask", {"mark": path, "fails": True})
    run("sample.ask", {"mark": path, "fails": True})
    assert times() == 2


def test_types_that_reuse_nothing_work_each_time(run, mark):
    path, times = mark
    assert [run("sample.keep", {"mark": path}).result["summary"] for _ in range(2)] == ["again", "again"]
    assert times() == 2


def test_a_repeated_sleep_sleeps_and_a_repeated_echo_echoes(run):
    for _ in range(2):
        assert run("sleep", {"seconds": 0.1}).result == {"slept_seconds": 0.1}
        assert "deduplicated" not in str(run("echo", {"a": 1}).result)


def test_another_tenants_result_serves_nobody_else(run, globex, mark):
    path, times = mark
    run("sample.ask", {"about": "x", "mark": path})
    theirs = run("sample.ask", {"about": "x", "mark": path}, tenant=globex)
    assert theirs.result["summary"] == "answer about x"
    assert times() == 2


def keep(tenant, key, status, **fields):
    task = create_task("completed", tenant)
    with operator_scope("operator:test"):
        return Run.objects.create(tenant=tenant, task=task, attempt=1, run_key=key, status=status, **fields)


def test_the_latest_run_decides_whether_a_key_was_processed(acme, globex):
    with bind_tenant(acme.id):
        assert has_been_processed("k", "search") == (False, None)
        assert latest_run_for_key("search:k") is None
    done = keep(acme, "search:k", "completed", finished_at="2026-01-01T00:00:00Z")
    with bind_tenant(acme.id):
        processed, at = has_been_processed("k", "search")
        assert (processed, at.isoformat()) == (True, "2026-01-01T00:00:00+00:00")
        assert has_been_processed("search:k")[0]
        assert latest_run_for_key("search:k").id == done.id
    with tenant_scope(globex.id):
        assert has_been_processed("k", "search") == (False, None)
    with operator_scope("operator:test"):
        assert not has_been_processed("k", "search", tenant_id=globex.id)[0]
    running = keep(acme, "search:k", "running")
    with bind_tenant(acme.id):
        assert has_been_processed("k", "search") == (False, None)
        assert latest_run_for_key("search:k").id == running.id
