"""Idempotency-Key: one task for each key, whoever sends it however often, and whatever is cut."""

import socket
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from queueapp.apikeys import authenticate_key
from queueapp.models import IdempotencyKey, Task
from queueapp.rest.toolkit.idempotency import Identity, begin, finish
from queueapp.rest.toolkit.permissions import principal_of
from queueapp.tenancy import operator_scope
from tests.rest.calling import API, Api, code_of, dumps, fields_of, key_for
from tests.waiting import PATIENCE_SECONDS, sessions_waiting_for_a_lock, threads, wait_until

ECHO = {"type": "echo", "params": {"n": 1}}


def count():
    with operator_scope("operator:test"):
        return Task.objects.count()


def test_sent_again_it_is_answered_as_the_first_time(client):
    first = client.post("/tasks", ECHO, Idempotency_Key="k")
    again = client.post("/tasks", {"params": {"n": 1}, "type": "echo"}, Idempotency_Key="k")
    assert again.status_code == first.status_code == 202
    assert again.json() == first.json()
    assert again["Location"] == first["Location"]
    assert (again["Idempotent-Replayed"], "Idempotent-Replayed" in first.headers) == ("true", False)
    assert count() == 1


def test_the_answer_stays_when_the_task_has_moved_on(client):
    first = client.post("/tasks", ECHO, Idempotency_Key="k").json()
    client.post(f"/tasks/{first['id']}/cancel")
    assert client.post("/tasks", ECHO, Idempotency_Key="k").json() == first


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tasks", {"type": "echo", "params": {"n": 2}}),
        ("/tasks", {"type": "echo", "params": {"n": True}}),
        ("/tasks/bulk", {"tasks": [ECHO]}),
        ("/tasks/sample/noop", {}),
    ],
)
def test_another_request_with_the_same_key_is_refused(client, path, body):
    client.post("/tasks", ECHO, Idempotency_Key="k")
    answer = client.post(path, body, Idempotency_Key="k")
    assert (answer.status_code, code_of(answer)) == (422, "idempotency_key_reused")
    assert count() == 1


@pytest.mark.parametrize(
    ("path", "body", "tasks"),
    [
        ("/tasks/sample/record", {"times": 1}, 1),
        ("/tasks/bulk", {"tasks": [ECHO, ECHO]}, 2),
        ("/tasks/bulk/cancel", {"filter": {}}, 1),
    ],
)
def test_every_way_to_submit_takes_a_key(client, path, body, tasks):
    first, again = (client.post(path, body, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.json()) == (202, first.json())
    assert (again["Idempotent-Replayed"], count()) == ("true", tasks)


def test_each_tenant_has_keys_of_its_own(client, stranger):
    ours, theirs = (api.post("/tasks", ECHO, Idempotency_Key="k") for api in (client, stranger))
    assert ours.json()["id"] != theirs.json()["id"]
    assert "Idempotent-Replayed" not in theirs.headers


def test_what_was_refused_is_tried_anew(client):
    assert client.post("/tasks", {"type": "nope"}, Idempotency_Key="k").status_code == 400
    assert client.post("/tasks", ECHO, Idempotency_Key="k").status_code == 202


def test_a_key_is_free_again_after_a_day(client):
    first = client.post("/tasks", ECHO, Idempotency_Key="k").json()
    with operator_scope("operator:test"):
        (row,) = IdempotencyKey.objects.all()
        assert timedelta(hours=23) < row.expires_at - datetime.now(UTC) < timedelta(hours=25)
        assert str(row.task_id) == first["id"]
        IdempotencyKey.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    second = client.post("/tasks", {"type": "echo"}, Idempotency_Key="k")
    assert (second.status_code, "Idempotent-Replayed" in second.headers) == (202, False)
    assert second.json()["id"] != first["id"]


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "é", "a\tb"])
def test_a_key_that_cannot_be_used_is_refused(client, key):
    assert fields_of(client.post("/tasks", ECHO, Idempotency_Key=key)) == {"Idempotency-Key": "bad_key"}
    assert count() == 0


def test_the_second_waits_for_the_first_and_replays_it(client):
    principal = principal_of(authenticate_key(client.key))
    taken, commit = Event(), Event()
    identity = Identity("k", "0" * 64)

    def first():
        with principal.own_scope():
            begin(principal, identity)
            taken.set()
            assert commit.wait(PATIENCE_SECONDS)
            finish(principal, identity, {"answer": 42}, None)

    def second():
        with principal.own_scope():
            return begin(principal, identity).answer

    with threads(2) as run:
        run(first)
        assert taken.wait(PATIENCE_SECONDS)
        waiting = run(second)
        wait_until(lambda: sessions_waiting_for_a_lock() == 1)
        commit.set()
        assert waiting.result(PATIENCE_SECONDS) == {"answer": 42}


def test_when_the_first_fails_the_second_takes_its_place(client):
    principal = principal_of(authenticate_key(client.key))
    taken, fail = Event(), Event()
    identity = Identity("k", "0" * 64)

    def first():
        with principal.own_scope():
            begin(principal, identity)
            taken.set()
            assert fail.wait(PATIENCE_SECONDS)
            raise ZeroDivisionError

    def second():
        with principal.own_scope():
            return begin(principal, identity)

    with threads(2) as run:
        run(first)
        assert taken.wait(PATIENCE_SECONDS)
        waiting = run(second)
        wait_until(lambda: sessions_waiting_for_a_lock() == 1)
        fail.set()
        assert waiting.result(PATIENCE_SECONDS) is None


def test_many_at_once_make_one_task(live, acme):
    key = key_for(acme)
    with threads(16) as run:
        sent = [run(lambda: live.send(key, "POST", "/tasks", ECHO, Idempotency_Key="k")) for _ in range(64)]
        answers = [future.result(PATIENCE_SECONDS) for future in sent]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert count() == 1


def test_a_connection_that_is_cut_leaves_one_task_for_each_key(live, acme):
    key = key_for(acme)
    body = dumps(ECHO)
    for number in range(20):
        head = f"POST {API}/tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
        head += f"Content-Type: application/json\r\nIdempotency-Key: k{number}\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", live.port)) as connection:
            connection.sendall(head.encode() + body)
        answer = live.send(key, "POST", "/tasks", ECHO, Idempotency_Key=f"k{number}")
        assert answer.status_code == 202
    assert count() == 20


def test_an_admins_key_belongs_to_the_tenant_it_names(acme, globex):
    admin = Api(key_for(acme, "admin"))
    first = admin.post("/tasks?tenant=globex", ECHO, Idempotency_Key="k")
    assert "Idempotent-Replayed" in admin.post("/tasks?tenant=globex", ECHO, Idempotency_Key="k").headers
    assert admin.post("/tasks", ECHO, Idempotency_Key="k").json()["id"] != first.json()["id"]
