"""Another tenant's ids answer exactly as nobody's do, on every address, and asking leaves a trace."""

import pytest
from django.db import connection

from queueapp.models import SecurityEvent
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope
from tests.factories import fresh
from tests.rest.calling import Api, code_of, key_for
from tests.rest.routes import routes
from tests.tenancy.test_layers import without_policies

# what admin keys alone may ask is about no tenant's rows
ABOUT_ROWS = [route for route in routes() if route.names_a_row and set(route.roles) - {"admin"}]


def body_for(route):
    """One that it takes."""
    if route.method != "PATCH":
        return {}
    return {"overlap": "skip"} if "schedule" in route.path else {"priority": 9}


def answer_to(api, route, row_id):
    """All that the client gets to see."""
    answer = api.send(route.method, route.filled(row_id), body_for(route), Prefer="wait=1")
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}  # new each time
    return answer.status_code, headers, answer.content


def events():
    with operator_scope("operator:test"):
        return list(SecurityEvent.objects.order_by("id"))


@pytest.mark.parametrize("status", ["queued", "leased", "completed"])
@pytest.mark.parametrize("route", ABOUT_ROWS, ids=str)
def test_a_strangers_id_answers_as_a_random_one(globex, make_task, route, status):
    role = next(role for role in route.roles if role != "admin")
    stranger = Api(key_for(globex, role))
    task = make_task(status)
    assert answer_to(stranger, route, task.id) == answer_to(stranger, route, new_id())
    now = fresh(task)
    assert (now.status, now.priority, now.cancel_requested_at) == (status, task.priority, task.cancel_requested_at)


@pytest.mark.parametrize("route", [route for route in ABOUT_ROWS if "client" in route.roles], ids=str)
def test_what_is_not_visible_is_not_found_and_recorded(stranger, make_task, globex, route):
    task = make_task()
    answer = stranger.send(route.method, route.filled(task.id), body_for(route))
    assert (answer.status_code, code_of(answer)) == (404, "not_found")
    (event,) = events()
    assert (event.event, event.tenant_id) == ("not_visible", globex.id)
    assert event.actor == f"client:globex-client@{stranger.key[3:11]}"
    assert event.detail == {
        "key": stranger.key[3:11],
        "role": "client",
        "method": route.method,
        "path": f"/api/v1{route.filled(task.id)}",
    }


def test_after_60_in_a_minute_there_are_summaries(stranger):
    for _ in range(175):
        stranger.get(f"/tasks/{new_id()}")
    kinds = [event.event for event in events()]
    assert kinds == ["not_visible"] * 60 + ["not_visible_summary"] * 3
    assert [event.detail["not_listed"] for event in events()[60:]] == [1, 10, 100]


def test_lists_hold_nothing_of_others(client, stranger, make_task):
    make_task(labels=["x"])
    for query in ("", "?label=x", "?status=pending", "?type=*", "?limit=200"):
        assert len(client.get(f"/tasks{query}").json()["results"]) == 1
        assert stranger.get(f"/tasks{query}").json()["results"] == []
    assert stranger.get("/stats").json()["counts"] == {}


def test_a_cursor_of_another_tenants_list_leads_nowhere(admin, stranger, make_task):
    for _ in range(3):
        make_task()
    link = admin.get("/tasks?limit=1").json()["next"].split("/api/v1")[1]
    assert stranger.get(link).json()["results"] == []


def test_without_row_level_security_the_apis_own_filter_holds(stranger, make_task):
    """The second layer alone: policies off, and the table open to clients as it stands."""
    task = make_task()
    with without_policies():
        assert stranger.get(f"/tasks/{task.id}").status_code == 404
        assert stranger.send("DELETE", f"/tasks/{task.id}").status_code == 404
        assert stranger.post(f"/tasks/{task.id}/retry").status_code == 404
        assert stranger.send("PATCH", f"/tasks/{task.id}", {"priority": 9}).status_code == 404
        assert stranger.get("/tasks").json()["results"] == []
        answer = stranger.post("/tasks/bulk/cancel", {"filter": {}, "dry_run": True})
        assert answer.json()["count"] == 0
    assert fresh(task).priority == task.priority


def test_the_api_leaves_no_scope_open(client):
    client.get("/tasks")
    client.get(f"/tasks/{new_id()}")
    assert not connection.in_atomic_block


def test_security_events_are_for_admins(client, admin, stranger, make_task, globex):
    task = make_task()
    stranger.get(f"/tasks/{task.id}")
    client.get("/queues")
    assert client.get("/security-events").status_code == 403
    listed = admin.get("/security-events?limit=200").json()["results"]
    assert [event["event"] for event in listed] == ["forbidden", "forbidden", "not_visible"]
    (event,) = admin.get("/security-events?event=not_visible").json()["results"]
    assert (event["tenant_id"], event["detail"]["method"]) == (str(globex.id), "GET")
    assert len(admin.get("/security-events?tenant=globex").json()["results"]) == 1
