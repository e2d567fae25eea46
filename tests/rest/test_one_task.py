"""A task's own address: cancel, retry, priority with its ETag, and the log."""

from uuid import UUID

import pytest

from queueapp.rest.visibility import TaskResponse
from queueapp.states import Status
from tests.factories import TRACEBACK, fresh
from tests.rest.calling import API, code_of, fields_of


@pytest.mark.parametrize("status", list(Status))
def test_a_task_has_exactly_the_members_that_are_documented(client, make_task, status):
    answer = client.get(f"/tasks/{make_task(status).id}")
    assert answer.status_code == 200
    assert TaskResponse.model_validate_json(answer.content, strict=True).status == status
    assert TaskResponse.model_fields.keys() == answer.json().keys()


@pytest.mark.parametrize(("method", "ending"), [("POST", "/cancel"), ("DELETE", "")])
@pytest.mark.parametrize(
    ("status", "answered"),
    [
        *(("queued", 200), ("scheduled", 200), ("blocked", 200), ("failed", 200), ("cancelled", 200)),
        *(("leased", 202), ("completed", 409), ("dead_letter", 409)),
    ],
)
def test_cancel(client, make_task, method, ending, status, answered):
    task = make_task(status)
    answer = client.send(method, f"/tasks/{task.id}{ending}")
    assert answer.status_code == answered
    if answered == 409:
        assert (code_of(answer), answer.json()["task_status"]) == ("wrong_state", status)
    elif answered == 202:
        assert answer.json()["status"] == "leased"
        assert answer.json()["cancel_requested_at"] is not None
    else:
        assert answer.json()["status"] == fresh(task).status == "cancelled"


@pytest.mark.parametrize(
    ("status", "answered"),
    [("dead_letter", 200), ("failed", 200), ("cancelled", 200), ("completed", 409), ("queued", 409), ("leased", 409)],
)
def test_retry(client, make_task, status, answered):
    task = make_task(status)
    answer = client.post(f"/tasks/{task.id}/retry")
    assert answer.status_code == answered
    if answered == 200:
        assert answer.json()["status"] == fresh(task).status == "queued"
    else:
        assert (code_of(answer), answer.json()["task_status"]) == ("wrong_state", status)


def test_the_priority_changes_only_from_the_version_that_was_seen(client, make_task):
    task = make_task()
    seen = client.get(f"/tasks/{task.id}")["ETag"]
    changed = client.send("PATCH", f"/tasks/{task.id}", {"priority": 9}, If_Match=seen)
    assert (changed.status_code, changed.json()["priority"]) == (200, 9)
    assert changed["ETag"] != seen
    stale = client.send("PATCH", f"/tasks/{task.id}", {"priority": 1}, If_Match=seen)
    assert (stale.status_code, code_of(stale)) == (412, "precondition_failed")
    assert fresh(task).priority == 9
    among_others = f'"other", {changed["ETag"]}'
    for header in ({"If_Match": among_others}, {"If_Match": "*"}, {}):
        assert client.send("PATCH", f"/tasks/{task.id}", {"priority": 9}, **header).status_code == 200


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"priority": "missing"}),
        ({"priority": 0}, {"priority": "greater_than_equal"}),
        ({"priority": 11}, {"priority": "less_than_equal"}),
        ({"priority": "5"}, {"priority": "int_type"}),
        ({"priority": 5, "status": "completed"}, {"status": "extra_forbidden"}),
    ],
)
def test_nothing_else_can_be_changed(client, make_task, body, fields):
    assert fields_of(client.send("PATCH", f"/tasks/{make_task().id}", body)) == fields


def test_a_finished_task_keeps_its_priority(client, make_task):
    task = make_task("completed")
    assert code_of(client.send("PATCH", f"/tasks/{task.id}", {"priority": 9})) == "wrong_state"


def test_what_has_not_changed_is_not_sent_again(client, make_task):
    task = make_task()
    seen = client.get(f"/tasks/{task.id}")["ETag"]
    again = client.get(f"/tasks/{task.id}", If_None_Match=seen)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", seen)
    client.post(f"/tasks/{task.id}/cancel")
    assert client.get(f"/tasks/{task.id}", If_None_Match=seen).status_code == 200


def test_the_log_tells_the_story_in_pieces(client, make_task):
    task = make_task("failed")
    whole = client.get(f"/tasks/{task.id}/logs").json()
    assert [(entry["from_status"], entry["to_status"]) for entry in whole["results"]] == [
        (None, "queued"),
        ("queued", "leased"),
        ("leased", "failed"),
    ]
    assert whole["next"] is None
    last = whole["results"][-1]
    assert (last["kind"], last["level"], last["message"]) == ("transition", "error", "It went wrong.")
    assert UUID(last["worker_id"])
    piece = client.get(f"/tasks/{task.id}/logs?limit=2").json()
    rest = client.get(piece["next"].removeprefix(f"http://testserver{API}")).json()
    assert piece["results"] + rest["results"] == whole["results"]
    after = client.get(f"/tasks/{task.id}/logs?after={last['id']}").json()
    assert after["results"] == []


def test_an_error_is_shown_by_code_message_and_class_and_to_admins_with_its_traceback(client, admin, make_task):
    task = make_task("dead_letter")
    shown = client.get(f"/tasks/{task.id}").json()
    error = {"code": "handler_error", "message": "It went wrong.", "exception_class": "shop.errors.Broken"}
    assert (shown["error"], shown["run_seconds"]) == (error | {"traceback": None}, 0.25)
    assert admin.get(f"/tasks/{task.id}").json()["error"] == error | {"traceback": TRACEBACK}
    (listed,) = admin.get("/tasks?status=dead_letter").json()["results"]
    assert listed["error"] == error | {"traceback": None}
    assert client.get(f"/tasks/{make_task().id}").json()["error"] is None


def test_the_log_tells_of_each_failure_what_was_raised_and_to_admins_where(client, admin, make_task):
    task = make_task("failed")
    mine = client.get(f"/tasks/{task.id}/logs").json()["results"]
    assert [(entry["detail"], entry["run_seconds"]) for entry in mine] == [
        (None, None),
        (None, None),
        ({"exception_class": "shop.errors.Broken"}, 0.25),
    ]
    theirs = admin.get(f"/tasks/{task.id}/logs").json()["results"]
    assert theirs[-1]["detail"] == {"exception_class": "shop.errors.Broken", "traceback": TRACEBACK}


def test_an_admin_moves_any_task(admin, make_task, globex):
    task = make_task("dead_letter", tenant=globex)
    assert admin.post(f"/tasks/{task.id}/retry").json()["tenant"] == "globex"
    assert admin.send("PATCH", f"/tasks/{task.id}", {"priority": 2}).json()["priority"] == 2
    assert admin.send("DELETE", f"/tasks/{task.id}").json()["status"] == "cancelled"
    actors = {entry["actor"] for entry in admin.get(f"/tasks/{task.id}/logs").json()["results"][3:]}
    assert actors == {f"operator:acme-admin@{admin.key[3:11]}"}
