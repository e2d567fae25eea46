"""Idempotency-Key on uploads, which are what gets cut off: one artifact for each key, however often it is sent."""

import base64
import socket

import pytest

from tests.artifacts.looking import content_of, is_stored, rows, unclaimed
from tests.rest.calling import API, Api, code_of, dumps, fields_of, key_for
from tests.rest.live import live_server
from tests.rest.under_way import answer_while_under_way
from tests.tasks.workers import expire_lease

BYTES = bytes(range(256)) * 8_000


@pytest.fixture
def task(make_task, store):
    return make_task("completed")


@pytest.fixture
def leased(acme, make_task, store):
    """A worker's client, and the task that it leases."""
    make_task("queued")
    worker = Api(key_for(acme, "worker"))
    (task,) = worker.post("/worker/claim", {}).json()["tasks"]
    return worker, task


def document(task_id, content=BYTES, **changes):
    return {"task_id": str(task_id), "type": "note", "data_base64": base64.b64encode(content).decode()} | changes


def form(task_id, content=BYTES):
    fields = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % each
        for each in ((b"task_id", str(task_id).encode()), (b"type", b"note"))
    )
    file = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n%s\r\n--b--\r\n' % content
    return fields + file


def send_json(api, task_id, content=BYTES):
    return api.post("/artifacts", document(task_id, content), Idempotency_Key="k")


def send_form(api, task_id, content=BYTES):
    headers = {"Content_Type": "multipart/form-data; boundary=b", "Idempotency_Key": "k"}
    return api.post("/artifacts", form(task_id, content), **headers)


@pytest.mark.parametrize("send", [send_json, send_form])
def test_sent_again_it_is_answered_as_the_first_time(client, task, send):
    first, again = send(client, task.id), send(client, task.id)
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert (again.json(), again["Location"]) == (first.json(), first["Location"])
    assert (again["Idempotent-Replayed"], "Idempotent-Replayed" in first.headers) == ("true", False)
    (row,) = rows()
    assert (str(row.id), content_of(row)) == (first.json()["id"], BYTES)
    assert unclaimed() == []


@pytest.mark.parametrize("send", [send_json, send_form])
def test_with_another_content_the_key_is_refused(client, task, make_task, send):
    send(client, task.id)
    for answer in (send(client, task.id, BYTES[:-1] + b"?"), send(client, make_task("completed").id)):
        assert (answer.status_code, code_of(answer)) == (422, "idempotency_key_reused")
    assert len(rows()) == 1


def test_the_fields_count_too(client, task):
    send_json(client, task.id)
    answer = client.post("/artifacts", document(task.id, metadata={"n": 1}), Idempotency_Key="k")
    assert (answer.status_code, code_of(answer)) == (422, "idempotency_key_reused")


def test_without_a_key_two_are_two(client, task):
    for _ in range(2):
        client.post("/artifacts", document(task.id))
    assert len(rows()) == 2


def test_what_was_refused_leaves_its_key_free(client, task):
    bad = client.post("/artifacts", document(task.id, type="no type"), Idempotency_Key="k")
    assert (bad.status_code, send_json(client, task.id).status_code) == (400, 201)


def test_a_key_that_cannot_be_used_is_refused_first(client, task):
    answer = client.post("/artifacts", document(task.id), Idempotency_Key="one, two")
    assert fields_of(answer) == {"Idempotency-Key": "bad_key"}
    assert rows() == []


def test_an_admin_repeats_an_upload_to_any_tenants_task(admin, globex, make_task, store):
    task = make_task("completed", tenant=globex)
    first, again = send_json(admin, task.id), send_json(admin, task.id)
    assert (first.status_code, again.json(), again["Idempotent-Replayed"]) == (201, first.json(), "true")
    assert len(rows()) == 1


def test_a_worker_repeats_one_even_when_its_task_has_ended(leased):
    worker, task = leased
    path = f"/worker/tasks/{task['id']}"
    body = {"lease_token": task["lease_token"], "type": "note", "data_base64": "AAAA"}
    first = worker.post(f"{path}/artifacts", body, Idempotency_Key="k")
    assert first.status_code == 201, first.content
    worker.post(f"{path}/complete", {"lease_token": task["lease_token"]})
    again = worker.post(f"{path}/artifacts", body, Idempotency_Key="k")
    assert (again.status_code, again.json(), again["Idempotent-Replayed"]) == (201, first.json(), "true")
    assert worker.post(f"{path}/artifacts", body, Idempotency_Key="other").status_code == 409
    assert len(rows()) == 1


def test_a_worker_that_lost_its_lease_leaves_its_key_free(leased, make_task):
    worker, task = leased
    body = {"lease_token": task["lease_token"], "type": "note", "data_base64": "AAAA"}
    expire_lease(task["id"])
    refused = worker.post(f"/worker/tasks/{task['id']}/artifacts", body, Idempotency_Key="k")
    assert (refused.status_code, code_of(refused)) == (409, "lease_lost")
    (again,) = worker.post("/worker/claim", {}).json()["tasks"]
    stored = worker.post(
        f"/worker/tasks/{again['id']}/artifacts",
        {**body, "lease_token": again["lease_token"]},
        Idempotency_Key="k",
    )
    assert stored.status_code == 201, stored.content


def test_one_that_is_under_way_is_waited_for_and_its_object_is_the_only_one(client, task):
    """The second has stored its object by then; it is deleted again."""
    first = send_json(client, task.id).json()
    answer = answer_while_under_way(client.key, lambda: send_json(client, task.id))
    assert (answer.status_code, answer.json(), answer["Idempotent-Replayed"]) == (201, first, "true")
    (left,) = unclaimed()
    assert (len(rows()), is_stored(left)) == (1, False)


def test_one_that_is_cut_off_is_stored_once_when_it_is_sent_again(acme, task):
    """Some arrive whole and only their answer is lost; of others the body is cut."""
    key, body = key_for(acme), dumps(document(task.id, BYTES[:1_000]))
    with live_server() as live:
        for number in range(10):
            head = (
                f"POST {API}/artifacts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
                f"Content-Type: application/json\r\nIdempotency-Key: k{number}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            with socket.create_connection(("127.0.0.1", live.port)) as connection:
                connection.sendall(head.encode() + (body if number % 2 else body[:-10]))
            answer = live.raw(
                key,
                "POST",
                f"{API}/artifacts",
                body,
                {"Content-Type": "application/json", "Idempotency-Key": f"k{number}"},
            )
            assert answer.status_code == 201, answer.content
    assert len(rows()) == 10
