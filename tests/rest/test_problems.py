"""Whatever goes wrong is answered by a problem document, and never by a trace."""

from io import BytesIO

import pytest
from django.db import OperationalError

from queueapp.errors import InvalidTask, LeaseLost, TaskrunnerError
from queueapp.models.base import new_id
from queueapp.rest.toolkit import problem_details
from queueapp.tasks import queries
from tests.rest.calling import API, Api, code_of
from tests.rest.live import LiveServer


@pytest.mark.parametrize("path", ["", "/", "/nowhere", "/tasks/", "/tasks/nope", "/task%73/", "/schema.json"])
def test_unknown_addresses(client, path):
    answer = client.get(path)
    assert (answer.status_code, code_of(answer)) == (404, "no_such_address")


def test_without_a_key_an_unknown_address_is_still_one(clean_database):
    assert code_of(Api("").get("/nowhere")) == "no_such_address"


def test_pages_that_are_not_the_apis_keep_their_own_errors(client):
    assert client._client.get("/nowhere")["Content-Type"].startswith("text/html")


def test_an_error_of_ours_says_nothing_of_itself(admin, monkeypatch, caplog):
    def fail(**_):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(queries, "queue_rows", fail)
    answer = admin.get("/queues")
    assert (answer.status_code, code_of(answer)) == (500, "internal_error")
    assert b"secret" not in answer.content
    assert "Traceback" not in answer.content.decode()
    assert "the secret of the house" in caplog.text, "the log has it"


def test_a_database_that_is_away_is_answered_by_try_again(admin, monkeypatch):
    def fail(**_):
        raise OperationalError("connection to server at 10.0.0.1 failed")

    monkeypatch.setattr(queries, "queue_rows", fail)
    answer = admin.get("/queues")
    assert (answer.status_code, code_of(answer), answer["Retry-After"]) == (503, "database_unavailable", "1")
    assert b"10.0.0.1" not in answer.content


class BrokenOff(BytesIO):
    """A body whose sender has gone."""

    def read(self, *_):
        raise ConnectionResetError


@pytest.mark.parametrize("address", ["/tasks", "/artifacts"])
def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_fault_of_ours(client, caplog, address):
    headers = {"Authorization": f"Bearer {client.key}"}
    kind = "application/json"
    body = {"wsgi.input": BrokenOff()}
    answer = client._client.post(API + address, b"x" * 100, content_type=kind, headers=headers, **body)
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")
    assert not [record for record in caplog.records if getattr(record, "event", "") == "api_error"]


def test_a_host_that_is_not_ours(client):
    answer = client.get("/tasks", Host="evil.example")
    assert (answer.status_code, code_of(answer)) == (400, "invalid_request")


def test_every_error_of_the_platform_has_a_status(clean_database):
    """None falls through to 500."""
    raised_to_clients = {InvalidTask: ([],), LeaseLost: (new_id(), 1)}
    for kind, arguments in raised_to_clients.items():
        document, _ = problem_details.describe(kind(*arguments))
        assert document["code"] == kind.code
        assert document["status"] < 500
    assert problem_details.describe(TaskrunnerError("x"))[0]["status"] == 500


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"Content-Type": "application/json; x*=bogus'en'val"}, b"{}", 415, "unsupported_media_type"),
        ({"Content-Type": "application/json", "Transfer-Encoding": "chunked"}, [b"{}"], 411, "length_required"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"{}", 415, "unsupported_media_type"),
        ({"Content-Type": "application/json"}, b'"' + b"x" * 1_100_000 + b'"', 413, "body_too_large"),
        ({"Content-Type": "application/json"}, b'"' + b"x" * 2_000_000 + b'"', 413, "body_too_large"),
    ],
)
def test_what_only_a_real_server_meets(live: LiveServer, client, headers, body, status, code):
    answer = live.raw(client.key, "POST", f"{API}/tasks", body, headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == code


def test_pages_of_other_origins_may_call_only_where_allowed(client, configure):
    asked = {"Origin": "https://app.example", "Access_Control_Request_Method": "POST"}
    assert "Access-Control-Allow-Origin" not in client.get("/limits", **asked).headers
    assert client.send("OPTIONS", "/tasks", **asked).status_code == 405
    configure(CORS_ALLOWED_ORIGINS=["https://app.example"])
    preflight = client.send("OPTIONS", "/tasks", **asked)
    assert preflight.status_code == 204
    assert preflight["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Idempotency-Key" in preflight["Access-Control-Allow-Headers"]
    answer = client.get("/limits", Origin="https://app.example")
    assert (answer["Access-Control-Allow-Origin"], "Origin" in answer["Vary"]) == ("https://app.example", True)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Access-Control-Allow-Origin" not in client.get("/limits", Origin="https://evil.example").headers
