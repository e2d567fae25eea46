"""POST /tasks, its typed and its bulk form: what is accepted, and what is refused with nothing stored."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from queueapp.models import Task
from queueapp.tenancy import operator_scope
from tests.rest.calling import Api, code_of, fields_of, key_for


def stored():
    with operator_scope("operator:test"):
        return list(Task.objects.order_by("id"))


def test_a_task_is_accepted_and_shown(client, acme):
    answer = client.post("/tasks", {"type": "echo", "params": {"msg": "hi"}, "labels": ["a"], "priority": 7})
    task = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/tasks/{task['id']}")
    assert (task["type"], task["status"], task["params"], task["priority"]) == ("echo", "queued", {"msg": "hi"}, 7)
    assert task["created_at"].endswith("Z")
    assert client.get(f"/tasks/{task['id']}").json() == task
    (row,) = stored()
    assert (row.tenant_id, row.labels) == (acme.id, ["a"])


def test_later_means_scheduled(client):
    assert client.post("/tasks", {"type": "echo", "delay_seconds": 60}).json()["status"] == "scheduled"


def test_it_says_when_it_expires(client):
    task = client.post("/tasks", {"type": "echo", "delay_seconds": 60, "expires_seconds": 30}).json()
    due, expires = (datetime.fromisoformat(task[name]) for name in ("run_at", "expires_at"))
    assert expires - due == timedelta(seconds=30)
    assert (
        client.post("/tasks", {"type": "echo", "expires_at": task["expires_at"]}).json()["expires_at"]
        == task["expires_at"]
    )
    assert client.post("/tasks", {"type": "echo"}).json()["expires_at"] is None


def test_secrets_are_masked_and_kept(client):
    params = {"api_key": "a", "nested": [{"password": "b", "clientSecret": "c"}], "max_tokens": 5, "token": {"x": 1}}
    task = client.post("/tasks", {"type": "echo", "params": params}).json()
    hidden = {"api_key": "***", "nested": [{"password": "***", "clientSecret": "***"}], "max_tokens": 5, "token": "***"}
    assert task["params"] == hidden
    assert client.get("/tasks").json()["results"][0]["params"] == hidden
    assert stored()[0].params == params


def test_an_earlier_task_holds_a_deduplication_key(client):
    request = {"type": "echo", "dedup": {"key": "k"}}
    first = client.post("/tasks", request).json()
    assert client.post("/tasks", request).json()["id"] == first["id"]
    refused = client.post("/tasks", {"type": "echo", "dedup": {"key": "k", "on_conflict": "reject"}})
    assert (refused.status_code, code_of(refused)) == (409, "duplicate_task")
    assert refused.json()["task_id"] == first["id"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"type": "missing"}),
        ({"type": "nothing.here"}, {"type": "unknown_type"}),
        ({"type": "echo", "queue": "nowhere"}, {"queue": "unknown_queue"}),
        ({"type": "echo", "expires_seconds": 0}, {"expires_seconds": "greater_than"}),
        ({"type": "echo", "expires_at": "soon"}, {"expires_at": "value_error"}),
        ({"type": "sleep", "params": {"seconds": -1}}, {"params.seconds": "greater_than_equal"}),
        ({"type": "sleep", "params": {}}, {"params.seconds": "missing"}),
        ({"type": "echo", "timeout_seconds": 601}, {"timeout_seconds": "above_limit"}),
        ({"type": "echo", "tenant_id": str(uuid4())}, {"tenant_id": "extra_forbidden"}),
        ({"type": "echo", "status": "completed"}, {"status": "extra_forbidden"}),
        (
            {"type": "echo", "priority": 11, "max_retries": -1},
            {"priority": "less_than_equal", "max_retries": "greater_than_equal"},
        ),
        ({"type": "echo", "params": []}, {"params": "dict_type"}),
    ],
)
def test_a_refusal_names_each_field_and_stores_nothing(client, body, fields):
    answer = client.post("/tasks", body)
    assert fields_of(answer) == fields
    assert code_of(answer) == "task_rejected_invalid_params"
    assert stored() == []


def test_by_type_the_parameters_stand_at_the_top(client):
    answer = client.post("/tasks/sample/record", {"seconds": 0.5, "options": {"priority": 7}})
    task = answer.json()
    assert (answer.status_code, task["type"], task["priority"]) == (202, "sample.record", 7)
    assert task["params"]["seconds"] == 0.5


def test_by_type_errors_name_the_fields_as_they_were_sent(client):
    wrong = {"seconds": "x", "options": {"priority": 0, "queue": "nowhere"}}
    assert fields_of(client.post("/tasks/sample/record", wrong)) == {"options.priority": "greater_than_equal"}
    assert fields_of(client.post("/tasks/sample/record", {"seconds": "x"})) == {"seconds": "float_parsing"}
    for options in (3, {"type": "echo"}, {"params": {}}):
        assert fields_of(client.post("/tasks/sample/record", {"options": options})) == {"options": "not_options"}


def test_by_type_an_unknown_type_is_not_found(client):
    answer = client.post("/tasks/no/such", {})
    assert (answer.status_code, code_of(answer)) == (404, "unknown_type")


def test_in_bulk_all_are_accepted_in_order(client):
    answer = client.post("/tasks/bulk", {"tasks": [{"type": "echo", "params": {"n": n}} for n in range(50)]})
    tasks = answer.json()["tasks"]
    assert answer.status_code == 202
    assert [task["params"]["n"] for task in tasks] == list(range(50))
    assert len(stored()) == 50


def test_in_bulk_one_bad_item_refuses_all(client):
    answer = client.post("/tasks/bulk", {"tasks": [{"type": "echo"}, {"type": "nope"}, 3, {"type": "echo", "x": 1}]})
    assert fields_of(answer) == {
        "tasks.1.type": "unknown_type",
        "tasks.2": "model_type",
        "tasks.3.x": "extra_forbidden",
    }
    assert stored() == []


def test_in_bulk_there_is_a_largest_size(client):
    answer = client.post("/tasks/bulk", {"tasks": [{"type": "echo"}] * 51})
    assert fields_of(answer) == {"tasks": "batch_size_exceeded"}
    assert code_of(answer) == "batch_size_exceeded"
    assert "50" in answer.json()["detail"]
    assert fields_of(client.post("/tasks/bulk", {"tasks": []})) == {"tasks": "too_short"}


def test_a_tenant_may_be_held_to_some_types(limit, client):
    limit(allowed_types=["sample.*", "sleep"])
    assert client.post("/tasks", {"type": "sample.noop"}).status_code == 202
    assert client.post("/tasks/sample/noop", {}).status_code == 202
    assert fields_of(client.post("/tasks", {"type": "echo"})) == {"type": "type_not_allowed"}
    items = [{"type": "sleep", "params": {"seconds": 0}}, {"type": "echo"}]
    assert fields_of(client.post("/tasks/bulk", {"tasks": items})) == {"tasks.1.type": "type_not_allowed"}
    assert client.get("/limits").json()["allowed_types"] == ["sample.*", "sleep"]


def test_an_admin_submits_for_its_own_tenant_or_the_one_it_names(admin, acme, globex):
    for path, body, owner in (
        ("/tasks", {"type": "echo"}, acme),
        ("/tasks?tenant=globex", {"type": "echo"}, globex),
        ("/tasks", {"type": "echo", "tenant": "globex"}, globex),
    ):
        task = admin.post(path, body).json()
        assert (task["tenant"], stored()[-1].tenant_id) == (owner.slug, owner.id)
    assert fields_of(admin.post("/tasks?tenant=initech", {"type": "echo"})) == {"tenant": "unknown_tenant"}
    assert fields_of(admin.post("/tasks", {"type": "echo", "tenant": ["globex"]})) == {"tenant": "unknown_tenant"}


def test_a_client_names_no_other_tenant(client, acme, globex):
    assert client.post("/tasks?tenant=acme", {"type": "echo"}).status_code == 202
    for slug in ("globex", "initech"):
        assert code_of(client.post(f"/tasks?tenant={slug}", {"type": "echo"})) == "forbidden"
    assert fields_of(client.post("/tasks", {"type": "echo", "tenant": "globex"})) == {"tenant": "extra_forbidden"}


def test_who_submitted_is_on_record(acme):
    api = Api(key_for(acme, name="billing"))
    task_id = api.submit()
    (entry,) = api.get(f"/tasks/{task_id}/logs").json()["results"]
    assert entry["actor"] == f"client:billing@{api.key[3:11]}"
