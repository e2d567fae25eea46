"""GET /limits, and a tenant's own limits: they take the place of the platform's wherever these are applied."""

import pytest

from queueapp import tasks
from queueapp.errors import InvalidTask
from queueapp.limits import tenant_limits
from queueapp.limits.tenant_limits import effective_limits
from tests.rest.calling import code_of, fields_of


def test_limits_tell_what_holds_and_what_is_used(client):
    for _ in range(2):
        client.submit()
    assert client.get("/limits").json() == {
        "task_max_runtime_seconds": 600,
        "task_max_artifact_mb": 25,
        "tasks_per_minute": 30,
        "refusals_per_minute": 600,
        "max_batch_size": 50,
        "search_source_allowlist": ["brave"],
        "search_max_results": 10,
        "search_cache_ttl_seconds": 3600,
        "fetch_domain_allowlist": ["*"],
        "requirement_sets": 5000,
        "schedules": 100,
        "allowed_types": ["*"],
        "max_body_bytes": 1_048_576,
        "max_wait_seconds": 30,
        "use": {"window_seconds": 60, "tasks_accepted": 2, "tasks_left": 28},
    }


def test_a_tenants_own_limits_show(client, limit):
    limit(tasks_per_minute=None, fetch_domain_allowlist=["example.org"])
    shown = client.get("/limits").json()
    assert (shown["tasks_per_minute"], shown["fetch_domain_allowlist"]) == (None, ["example.org"])
    assert shown["use"] == {"window_seconds": 60, "tasks_accepted": None, "tasks_left": None}


def test_the_size_of_a_batch_is_the_tenants(client, limit):
    limit(max_batch_size=2)
    answer = client.post("/tasks/bulk", {"tasks": [{"type": "echo"}] * 3})
    assert (answer.status_code, code_of(answer)) == (400, "batch_size_exceeded")
    assert "at most 2 tasks, not 3" in answer.json()["detail"]
    assert client.post("/tasks/bulk", {"tasks": [{"type": "echo"}] * 2}).status_code == 202


def test_more_different_requirements_than_a_tenant_may_have_are_refused_by_name(client, limit):
    limit(requirement_sets=1)
    body = {"type": "echo", "requirements": {"region": "eu"}}
    assert [client.post("/tasks", body).status_code for _ in range(2)] == [202, 202]
    answer = client.post("/tasks", {**body, "requirements": {"region": "us"}})
    assert answer.status_code == 400
    assert fields_of(answer) == {"requirements": "above_limit"}
    assert "requirement_sets: 1" in answer.json()["errors"][0]["message"]
    bulk = client.post("/tasks/bulk", {"tasks": [body, {"type": "sample.noop", "requirements": {"region": "eu"}}]})
    assert fields_of(bulk) == {"tasks.1.requirements": "above_limit"}


def test_the_longest_run_is_the_tenants_through_the_api_and_from_python(client, limit, acme, globex):
    limit(task_max_runtime_seconds=1200)
    assert client.post("/tasks", {"type": "echo", "timeout_seconds": 1200}).status_code == 202
    assert fields_of(client.post("/tasks", {"type": "echo", "timeout_seconds": 1201})) == {
        "timeout_seconds": "above_limit"
    }
    assert tasks.submit("echo", timeout_seconds=1200, tenant_id=acme.id).timeout_seconds == 1200
    with pytest.raises(InvalidTask, match="must be at most 600"):
        tasks.submit("echo", timeout_seconds=1200, tenant_id=globex.id)


def test_a_shorter_longest_run_shortens_what_was_not_asked_for(limit, acme):
    limit(task_max_runtime_seconds=2)
    assert tasks.submit("echo", tenant_id=acme.id).timeout_seconds == 2


def test_a_changed_limit_holds_after_a_moment(limit, acme, monkeypatch):
    assert effective_limits(acme.id).max_batch_size == 50
    limit(max_batch_size=7)
    assert effective_limits(acme.id).max_batch_size == 50, "remembered"
    monkeypatch.setattr(tenant_limits, "REMEMBERED_SECONDS", 0.0)
    assert effective_limits(acme.id).max_batch_size == 7
