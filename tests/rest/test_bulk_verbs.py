"""Verbs by filter: counted by a dry run, carried out by a task of the tenant's own."""

import pytest

from queueapp.models import Task
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.rest.calling import API, code_of, fields_of, key_for

BODY = {"cancel": {}, "retry": {}, "redrive": {}, "reprioritise": {"priority": 9}}
CONCERNED = {
    "cancel": {"scheduled", "blocked", "queued", "leased", "failed"},
    "retry": {"failed", "dead_letter", "cancelled"},
    "redrive": {"dead_letter"},
    "reprioritise": {"scheduled", "blocked", "queued", "leased", "failed"},
}
STATUSES = ("scheduled", "blocked", "queued", "leased", "failed", "completed", "dead_letter", "cancelled")


@pytest.fixture
def tasks(make_task, globex):
    """One of each status, and as many of a stranger's."""
    for status in STATUSES:
        make_task(status, tenant=globex, labels=["x"])
    return {status: make_task(status, labels=["x"]) for status in STATUSES}


@pytest.mark.parametrize("verb", BODY)
def test_a_dry_run_counts_and_changes_nothing(client, tasks, verb):
    answer = client.post(f"/tasks/bulk/{verb}", {"filter": {"label": "x"}, "dry_run": True, **BODY[verb]})
    assert (answer.status_code, answer.json()["count"]) == (200, len(CONCERNED[verb]))
    assert [fresh(task).updated_at for task in tasks.values()] == [task.updated_at for task in tasks.values()]
    for narrower in ({"state": "completed"}, {"type": "nope"}, {"label": "y"}, {"queue": "elsewhere"}):
        body = {"filter": narrower, "dry_run": True, **BODY[verb]}
        assert client.post(f"/tasks/bulk/{verb}", body).json()["count"] == 0


@pytest.mark.parametrize(
    ("verb", "body", "fields"),
    [
        ("cancel", {}, {"filter": "missing"}),
        ("cancel", {"filter": {"colour": "red"}}, {"filter.colour": "extra_forbidden"}),
        ("cancel", {"filter": {"status": "asleep"}}, {"filter.status": "value_error"}),
        ("cancel", {"filter": {}, "priority": 5}, {"priority": "extra_forbidden"}),
        ("reprioritise", {"filter": {}}, {"priority": "missing"}),
        ("reprioritise", {"filter": {}, "priority": 11}, {"priority": "less_than_equal"}),
        ("retry", {"filter": []}, {"filter": "model_type"}),
        ("retry", {"filter": {}, "try_first": 5, "go_on_if": 6}, {"go_on_if": "more_than_are_tried"}),
        ("retry", {"filter": {}, "go_on_if": 6, "try_first": None}, {"go_on_if": "value_error"}),
        ("retry", {"filter": {}, "try_first": 101}, {"try_first": "less_than_equal"}),
        ("cancel", {"filter": {}, "try_first": 1}, {"try_first": "extra_forbidden"}),
        ("retry", {"filter": {}, "reason": " "}, {"reason": "string_pattern_mismatch"}),
        ("retry", {"filter": {}, "as_of": "yesterday"}, {"as_of": "value_error"}),
    ],
)
def test_a_request_that_cannot_be_carried_out_is_refused_by_name(client, verb, body, fields):
    assert fields_of(client.post(f"/tasks/bulk/{verb}", body)) == fields


def test_it_is_a_task_like_any_other(client, acme):
    answer = client.post("/tasks/bulk/reprioritise", {"filter": {"type": "a.*"}, "priority": 9})
    task = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"{API}/tasks/{task['id']}")
    assert (task["type"], task["queue"], task["priority"]) == ("platform.bulk", "platform", 10)
    assert (task["params"]["verb"], task["params"]["filter"]["type"]) == ("reprioritise", "a.*")


def test_a_dry_run_previews_what_the_request_then_names(client, tasks):
    seen = client.post("/tasks/bulk/retry", {"filter": {"label": "x"}, "dry_run": True}).json()
    assert [(share["queue"], share["count"]) for share in seen["queues"]] == [("default", 3)]
    assert {row["id"] for row in seen["sample"]} == {str(tasks[s].id) for s in CONCERNED["retry"]}
    body = {"filter": {"label": "x"}, "as_of": seen["as_of"], "reason": "it is back", "try_first": 2, "go_on_if": 1}
    task = client.post("/tasks/bulk/retry", body).json()
    assert {name: task["params"][name] for name in ("as_of", "reason", "try_first", "go_on_if")} == {
        name: body[name] for name in ("as_of", "reason", "try_first", "go_on_if")
    }


def test_the_same_twice_names_the_first(client, admin):
    first = client.post("/tasks/bulk/cancel", {"filter": {}}).json()["id"]
    answer = client.post("/tasks/bulk/cancel", {"filter": {}, "reason": "again"})
    assert (answer.status_code, code_of(answer), answer.json()["task_id"]) == (409, "bulk_under_way", first)
    assert client.post("/tasks/bulk/cancel", {"filter": {}, "again": True}).status_code == 202


def test_a_tenant_held_to_some_types_may_still_use_verbs(limit, client):
    limit(allowed_types=["echo"])
    assert client.post("/tasks/bulk/cancel", {"filter": {}}).status_code == 202
    assert code_of(client.post("/tasks", {"type": "platform.bulk"})) == "task_rejected_invalid_params"


def test_a_cluster_carries_each_out_within_its_tenant(live, acme, globex, tasks):
    key = key_for(acme)
    with running_cluster("--queues", "platform", workers=1):
        for verb, body, changed in (
            ("reprioritise", {"priority": 9, "filter": {"label": "x"}}, 5),
            ("redrive", {"filter": {"label": "x"}}, 1),
            ("cancel", {"filter": {"label": "x", "status": "pending"}}, 4),
        ):
            done = live.send(key, "POST", f"/tasks/bulk/{verb}", body, Prefer="wait=30").json()
            assert (done["status"], done["result"]["changed"]) == ("completed", changed), verb
        story = live.send(key, "GET", f"/tasks/{done['id']}/logs").json()["results"]
    assert "cancel: 4 tasks changed" in next(entry["message"] for entry in story if entry["kind"] == "log")
    assert {fresh(tasks[status]).status for status in ("queued", "scheduled", "dead_letter")} == {"cancelled"}
    assert fresh(tasks["failed"]).priority == 9
    with operator_scope("operator:test"):
        theirs = Task.objects.filter(tenant=globex)
        assert set(theirs.values_list("priority", flat=True)) == {5}
        assert theirs.filter(status="queued").count() == 1
