"""GET /runs and what belongs to them: filters, pages, metrics and notes, and whose they are."""

import pytest

from queueapp.models import Task
from queueapp.models.base import new_id
from queueapp.runs.recording import add_metric, add_note, end_runs, start_run
from queueapp.tenancy import worker_scope
from tests.rest.calling import code_of, fields_of
from tests.rest.test_lists import follow, ids
from tests.tenancy.test_layers import without_policies


@pytest.fixture
def make_run(make_task, acme):
    """A task that was run under a key, with a metric and a note of its own."""

    def make(key="k", *, tenant=acme, ended="completed"):
        worker_id = new_id()
        task = make_task("leased", tenant=tenant, worker_id=worker_id)
        attempt = (task.id, task.attempt)
        start_run(worker_id, attempt, key)
        add_metric(worker_id, attempt, "answers", 42)
        add_note(worker_id, attempt, "remark", "all well")
        if ended:
            with worker_scope(worker_id):
                Task.objects.filter(id=task.id).update(status=ended, lease_expires_at=None, finished_at=task.created_at)
                end_runs(task.id)
        return task

    return make


def run_of(api, task):
    (run,) = api.get(f"/runs?task_id={task.id}").json()["results"]
    return run


def test_a_run_with_its_metrics_and_notes(client, make_run):
    task = make_run("search:abc")
    listed = run_of(client, task)
    assert listed == {
        "id": listed["id"],
        "run_key": "search:abc",
        "task_id": str(task.id),
        "attempt": 1,
        "status": "completed",
        "started_at": listed["started_at"],
        "finished_at": listed["finished_at"],
        "metadata": {"task_id": str(task.id), "task_type": "echo", "attempt": 1},
    }
    assert listed["finished_at"].endswith("Z")
    run = client.get(f"/runs/{listed['id']}").json()
    assert {name: run[name] for name in listed} == listed
    assert [(metric["name"], metric["run_id"]) for metric in run["metrics"]] == [
        ("answers", listed["id"]),
        ("duration_ms", listed["id"]),
    ]
    assert [(note["type"], note["content"]) for note in run["notes"]] == [("remark", "all well")]


def test_runs_are_filtered_and_come_in_pages(client, make_run):
    tasks = [make_run(f"k{number % 2}", ended="completed" if number else "dead_letter") for number in range(5)]
    running = make_run("other", ended="")
    runs = [run_of(client, task)["id"] for task in [*tasks, running]][::-1]
    first = client.get("/runs?limit=4")
    assert ids(first) + ids(follow(client, first.json()["next"])) == runs
    assert ids(client.get("/runs?run_key=k1")) == [runs[2], runs[4]]
    assert ids(client.get("/runs?status=failed")) == [runs[5]]
    assert ids(client.get("/runs?status=running")) == [runs[0]]
    assert ids(client.get("/runs?run_key=k0&status=completed")) == [runs[1], runs[3]]
    assert ids(client.get(f"/runs?task_id={new_id()}")) == []


@pytest.mark.parametrize(
    ("query", "field"), [("status=done", "status"), ("task_id=x", "task_id"), ("run_key=", "run_key"), ("x=1", "x")]
)
def test_a_filter_that_cannot_be_used_is_refused_by_name(client, query, field):
    assert fields_of(client.get(f"/runs?{query}")).keys() == {field}


def test_metrics_and_notes_of_a_task(client, make_run):
    task = make_run()
    metrics = client.get(f"/tasks/{task.id}/metrics").json()["results"]
    assert [metric["name"] for metric in metrics] == ["duration_ms", "answers"]
    page = client.get(f"/tasks/{task.id}/metrics?limit=1")
    assert ids(page) + ids(follow(client, page.json()["next"])) == [metric["id"] for metric in metrics]
    assert [note["type"] for note in client.get(f"/tasks/{task.id}/notes").json()["results"]] == ["remark"]


def test_another_tenants_run_answers_as_nobodys(client, stranger, admin, make_run, globex):
    ours, theirs = make_run(), make_run(tenant=globex)
    run_id = run_of(client, ours)["id"]
    foreign, unknown = stranger.get(f"/runs/{run_id}"), stranger.get(f"/runs/{new_id()}")
    assert (foreign.status_code, code_of(foreign), foreign.content) == (404, "not_found", unknown.content)
    assert stranger.get("/runs?run_key=k").json()["results"] == [run_of(stranger, theirs)]
    assert stranger.get(f"/runs?task_id={ours.id}").json()["results"] == []
    assert stranger.get(f"/tasks/{ours.id}/notes").status_code == 404
    assert len(admin.get("/runs").json()["results"]) == 2
    assert ids(admin.get("/runs?tenant=globex")) == [run_of(admin, theirs)["id"]]
    assert admin.get(f"/runs/{run_id}").status_code == 200
    assert admin.get(f"/runs/{run_id}?tenant=globex").status_code == 404


def test_a_worker_key_does_not_read_runs(worker, make_run):
    task = make_run()
    for path in ("/runs", f"/runs/{new_id()}", f"/tasks/{task.id}/metrics"):
        assert worker.get(path).status_code == 403


def test_without_row_level_security_the_apis_own_filter_holds(client, stranger, make_run):
    run_id = run_of(client, make_run())["id"]
    with without_policies("taskrunner_runs"):
        assert stranger.get(f"/runs/{run_id}").status_code == 404
        assert stranger.get("/runs").json()["results"] == []
