"""POST /tasks/{id}/submit-again."""

import pytest

from queueapp.tasks.bulk import BulkParams, submit_bulk
from tests.factories import fresh
from tests.rest.calling import API, fields_of


@pytest.fixture
def task(make_task):
    return make_task("dead_letter", params={"api_token": "s3cr3t-value", "n": 1})


def test_it_is_accepted_as_a_submission_is(client, task):
    path, changes = f"/tasks/{task.id}/submit-again", {"params": {"api_token": "***", "n": 2}, "priority": 9}
    answer = client.post(path, changes, Idempotency_Key="once")
    new = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"{API}/tasks/{new['id']}")
    assert (new["retried_from_id"], new["priority"]) == (str(task.id), 9)
    assert new["params"] == {"api_token": "***", "n": 2}
    replay = client.post(path, changes, Idempotency_Key="once")
    assert (replay["Idempotent-Replayed"], replay.json()["id"]) == ("true", new["id"])
    listed = client.get(f"/tasks?retried_from={task.id}").json()["results"]
    assert [each["id"] for each in listed] == [new["id"]]
    assert client.get(f"/tasks/{new['id']}").json()["retried_from_id"] == str(task.id)


def test_what_cannot_be_submitted_is_refused(client, stranger, admin, task, acme):
    path = f"/tasks/{task.id}/submit-again"
    assert fields_of(client.post(path, {"params": {"n": "***"}})) == {"params.n": "masked_value"}
    assert fields_of(client.post(path, {"type": "echo"})) == {"type": "extra_forbidden"}
    assert stranger.post(path, {}).status_code == 404
    assert admin.post(path, {}).status_code == 202
    bulk = submit_bulk(BulkParams(verb="cancel", filter={}), tenant_id=acme.id)
    assert fields_of(client.post(f"/tasks/{bulk.id}/submit-again", {})) == {"type": "unknown_type"}


def test_a_tenant_held_to_some_types_repeats_no_others(limit, client, task):
    limit(allowed_types=["sleep"])
    assert fields_of(client.post(f"/tasks/{task.id}/submit-again", {})) == {"type": "type_not_allowed"}
    assert fresh(task).status == "dead_letter"
