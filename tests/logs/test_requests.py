"""Each request to the API leaves one line that says who asked for what and how it ended, and never what was in it."""

import logging
from uuid import UUID

import pytest
from django.test import Client

from queueapp.apikeys.key_format import prefix_of
from queueapp.rest.toolkit import long_poll
from queueapp.rest.toolkit.request_log import logger
from tests.rest.calling import API, Api, key_for

CANARY = "canary-in-the-query"


@pytest.fixture
def client(acme):
    return Api(key_for(acme))


@pytest.fixture
def lines(logged, caplog):
    """Of requests, and what Django says of them."""
    return lambda: [each for each in caplog.records if each.name in (logger.name, "django.request")]


def of_request(record) -> dict[str, object]:
    names = ("event", "status", "code", "method", "route", "tenant", "tenant_id", "key")
    return {name: getattr(record, name) for name in names if hasattr(record, name)}


REFUSALS = {
    "bad JSON": (400, "POST", "/tasks", b"{", {}),
    "a bad task": (400, "POST", "/tasks", {"type": "no.such"}, {}),
    "a right that is missing": (403, "GET", "/queues", None, {}),
    "an unknown id": (404, "GET", "/tasks/01900000-0000-7000-8000-000000000000", None, {}),
    "another method": (405, "PUT", "/tasks", {}, {}),
    "a wrong state": (409, "POST", "/tasks/{completed}/cancel", None, {}),
    "another version": (412, "PATCH", "/tasks/{completed}", {"priority": 1}, {"If_Match": '"other"'}),
    "a large body": (413, "POST", "/tasks", b" " * 1_100_000, {}),
    "no JSON": (415, "POST", "/tasks", b"x", {"Content_Type": "text/plain"}),
    "a used key": (422, "POST", "/tasks", {"type": "echo", "priority": 2}, {"Idempotency_Key": "used"}),
}
EVENTS = {"a bad task": "task_rejected_invalid_params"}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_leaves_one_line_with_who_and_what(client, acme, make_task, lines, caplog, kind):
    status, method, path, body, headers = REFUSALS[kind]
    client.post("/tasks", {"type": "echo"}, Idempotency_Key="used")
    named = path.format(completed=make_task("completed").id)
    caplog.clear()
    answer = client.send(method, named, body, **headers)
    (line,) = lines()
    route = path.replace("{completed}", "{task_id}").replace("01900000-0000-7000-8000-000000000000", "{task_id}")
    assert of_request(line) == {
        "event": EVENTS.get(kind, "request_refused"),
        "status": status,
        "code": answer.json()["code"],
        "method": method,
        "route": route,
        "tenant": "acme",
        "tenant_id": str(acme.id),
        "key": prefix_of(client.key),
    }
    assert line.levelno == logging.WARNING
    assert UUID(line.request_id) == UUID(answer["X-Request-Id"])
    assert line.duration_ms > 0
    assert client.key.split("_")[2] not in repr(vars(line))


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}])
def test_without_a_valid_key_nobody_is_named(acme, lines, headers):
    answer = Client().get(f"{API}/tasks?q={CANARY}", headers=headers)
    (line,) = lines()
    expected = {
        "event": "request_refused",
        "status": 401,
        "code": "unauthenticated",
        "method": "GET",
        "route": "/tasks",
    }
    assert of_request(line) == expected
    assert line.request_id == answer["X-Request-Id"]


def test_a_wrong_address_leaves_a_line_without_the_address(client, lines, caplog):
    answer = client.get(f"/nowhere/{CANARY}")
    (line,) = lines()
    expected = {"event": "request_refused", "status": 404, "code": "no_such_address", "method": "GET", "route": None}
    assert of_request(line) == expected
    assert line.request_id == answer["X-Request-Id"]
    assert CANARY not in caplog.text


def test_each_limit_leaves_its_event(acme, lines, caplog, configure):
    configure(TASKS_PER_MINUTE=1)
    client = Api(key_for(acme))
    statuses = [client.post("/tasks", {"type": "echo"}).status_code for _ in range(2)]
    assert statuses == [202, 429]
    (line,) = lines()
    assert (line.event, line.status, line.tenant) == ("rate_limit_exceeded", 429, "acme")
    assert line.key == prefix_of(client.key)


def test_what_is_served_leaves_one_line_for_whoever_wants_all(client, lines, caplog):
    task_id = client.submit()
    assert lines() == []
    caplog.set_level(logging.DEBUG, logger=logger.name)
    client.get(f"/tasks/{task_id}?tenant=acme")
    client.post("/tasks", {"type": "echo"})
    assert [(line.event, line.levelname, line.status, line.method, line.route) for line in lines()] == [
        ("request_served", "DEBUG", 200, "GET", "/tasks/{task_id}"),
        ("request_served", "DEBUG", 202, "POST", "/tasks"),
    ]


def test_an_admins_line_names_the_tenant_that_it_acts_for(acme, globex, lines, caplog):
    caplog.set_level(logging.DEBUG, logger=logger.name)
    admin = Api(key_for(acme, "admin"))
    admin.get("/tasks?tenant=globex")
    admin.post("/tasks", {"type": "echo", "tenant": "globex"})
    assert [(line.tenant, line.tenant_id) for line in lines()] == [("globex", str(globex.id))] * 2


def test_a_fault_of_ours_leaves_an_error_with_the_request_in_every_line(client, logged, lines, monkeypatch):
    def broken(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(long_poll.Wait, "for_end_of", broken)
    answer = client.post("/tasks", {"type": "echo"})
    assert answer.status_code == 500
    (traceback,), (line,) = logged("api_error"), lines()
    assert (line.event, line.levelname, line.status, line.code) == ("request_failed", "ERROR", 500, "internal_error")
    assert traceback.request_id == line.request_id == answer["X-Request-Id"]
    assert (traceback.tenant, traceback.key) == ("acme", prefix_of(client.key))


def test_health_and_pages_leave_no_line(acme, lines):
    for path in ("/health/live", "/admin/login/"):
        Client().get(path)
    assert lines() == []


def test_a_request_is_over_with_its_answer(client, logged):
    client.get("/limits")
    request_logger = logging.getLogger("tests.elsewhere")
    request_logger.warning("later", extra={"event": "later"})
    (later,) = logged("later")
    assert not hasattr(later, "request_id")
