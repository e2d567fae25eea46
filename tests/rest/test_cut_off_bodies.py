"""A body that ends before its Content-Length, or a form before its last boundary, is refused and stores nothing."""

import base64
import json
import socket
from typing import Any

import pytest

from queueapp.models import Artifact, Task
from queueapp.tenancy import operator_scope
from tests.rest.calling import API, key_for
from tests.waiting import PATIENCE_SECONDS

TASK = json.dumps({"type": "echo", "params": {}}).encode()
ENDLESS = 99_999_999_999_999_999_999


def cut_off(port: int, key: str, path: str, body: bytes, announced: int, content_type: str = "application/json") -> Any:
    """Send less than was announced, close our half, and return status and problem document."""
    head = (
        f"POST {API}{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {announced}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    status_line, _, rest = answer.partition(b"\r\n")
    return int(status_line.split()[1]), json.loads(rest.partition(b"\r\n\r\n")[2])


def form(*, closed: bool) -> bytes:
    parts = (("task_id", "{task_id}"), ("type", "big"))
    fields = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts
    )
    file = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n' + "x" * 5_000
    return (fields + file + ("\r\n--b--\r\n" if closed else "")).encode()


@pytest.fixture
def key(acme):
    return key_for(acme)


@pytest.mark.parametrize("announced", [len(TASK) + 1, len(TASK) + 5_000, ENDLESS])
def test_a_json_body_that_is_cut_off_is_refused(live, key, announced):
    status, document = cut_off(live.port, key, "/tasks", TASK, announced)
    assert (status, document["code"]) == (400, "invalid_request")
    assert "broke off" in document["detail"]
    with operator_scope("operator:test"):
        assert not Task.objects.exists()


def test_a_worker_s_body_that_is_cut_off_is_refused(live, acme):
    body = json.dumps({"worker_id": "01900000-0000-7000-8000-000000000000", "queues": ["default"]}).encode()
    status, document = cut_off(live.port, key_for(acme, "worker"), "/worker/claim", body, len(body) + 10)
    assert (status, document["code"]) == (400, "invalid_request")
    assert "broke off" in document["detail"]


def test_an_artifact_that_is_cut_off_is_refused(live, key, make_task):
    task = make_task("completed")
    data = base64.b64encode(b"y" * 300_000)
    body = b'{"task_id": "%s", "type": "big", "data_base64": "%s"}' % (str(task.id).encode(), data)
    whole_form = form(closed=True).replace(b"{task_id}", str(task.id).encode())
    sent = [
        (body[:200_000], len(body), "application/json"),
        (body, len(body) + 1, "application/json"),
        (whole_form[:-40], len(whole_form), "multipart/form-data; boundary=b"),
        (whole_form, len(whole_form) + 9, "multipart/form-data; boundary=b"),
    ]
    for content, announced, content_type in sent:
        status, document = cut_off(live.port, key, "/artifacts", content, announced, content_type)
        assert (status, document["code"]) == (400, "invalid_request"), (announced, content_type)
    with operator_scope("operator:test"):
        assert not Artifact.objects.exists()


def test_a_form_without_its_last_boundary_is_refused(live, key, make_task):
    task = make_task("completed")
    body = form(closed=False).replace(b"{task_id}", str(task.id).encode())
    status, document = cut_off(live.port, key, "/artifacts", body, len(body), "multipart/form-data; boundary=b")
    assert (status, document["code"]) == (400, "invalid_request")
    assert "last boundary" in document["detail"]
    with operator_scope("operator:test"):
        assert not Artifact.objects.exists()
