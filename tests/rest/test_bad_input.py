"""Bodies that cannot be used: every one is refused with a reason, none is stored, and none is a server error."""

import json
import socket
from typing import Any

import pytest

from queueapp.models import Task
from queueapp.rest.toolkit.errors import MalformedJson
from queueapp.rest.toolkit.strict_json import parse_json
from queueapp.tenancy import operator_scope
from tests.rest.calling import API, code_of, fields_of, key_for
from tests.waiting import PATIENCE_SECONDS

DEEP = 100_000
MALFORMED = {
    "nothing": (b" ", "not_json"),
    "half an object": (b'{"type":', "not_json"),
    "two values": (b"{} {}", "not_json"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "not_json"),
    "a trailing comma": (b'{"type": "echo",}', "not_json"),
    "single quotes": (b"{'type': 'echo'}", "not_json"),
    "a comment": (b'{"type": "echo"} // really', "not_json"),
    "a raw control character": (b'{"type": "ec\nho"}', "not_json"),
    "a raw NUL": (b'{"type": "ec\x00ho"}', "not_json"),
    "an unknown escape": (b'{"type": "\\x41"}', "not_json"),
    "half a code unit": (b'{"type": "\\u12"}', "not_json"),
    "Latin-1": (b'{"type": "\xe9"}', "not_utf8"),
    "an encoded surrogate": (b'{"type": "\xed\xa0\x80"}', "not_utf8"),
    "an overlong NUL": (b'{"type": "\xc0\x80"}', "not_utf8"),
    "UTF-16": ('{"type": "echo"}'.encode("utf-16"), "not_utf8"),
    "NaN": (b'{"type": "echo", "params": {"a": NaN}}', "not_json"),
    "Infinity": (b'{"type": "echo", "params": {"a": -Infinity}}', "not_json"),
    "a float too large": (b'{"type": "echo", "params": {"a": 1e400}}', "number_too_large"),
    "an integer of 65 bits": (b'{"type": "echo", "params": {"a": 18446744073709551616}}', "number_too_large"),
    "an endless integer": (b'{"a": ' + b"9" * 500_000 + b"}", "number_too_large"),
    "an escaped NUL": (b'{"type": "echo", "params": {"a": ["\\u0000"]}}', "nul_character"),
    "an escaped NUL in a key": (b'{"type": "echo", "params": {"\\u0000": 1}}', "nul_character"),
    "a lone high surrogate": (b'{"type": "echo", "params": {"a": "\\ud800"}}', "lone_surrogate"),
    "a lone low surrogate": (b'{"type": "echo", "params": {"a": "\\uDC00x"}}', "lone_surrogate"),
    "surrogates in the wrong order": (b'{"type": "echo", "params": {"a": "\\udc00\\ud800"}}', "lone_surrogate"),
    "a key twice": (b'{"type": "echo", "type": "sleep"}', "duplicate_key"),
    "a key twice, spelt differently": (b'{"params": {"a": 1, "\\u0061": 2}}', "duplicate_key"),
    "arrays without end": (b"[" * DEEP, "too_deep"),
    "objects without end": (b'{"a":' * DEEP, "too_deep"),
    "deep and closed": (b'{"params":' + b"[" * 32 + b"]" * 32 + b"}", "too_deep"),
    "deep behind a string of quotes": (b'{"a": "\\"[[[", "b": ' + b"[" * DEEP, "too_deep"),
}


def stored():
    with operator_scope("operator:test"):
        return Task.objects.count()


@pytest.mark.parametrize("path", ["/tasks", "/tasks/bulk", "/tasks/sample/noop", "/tasks/bulk/cancel"])
@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed_json_is_refused_with_a_reason(client, path, kind):
    body, reason = MALFORMED[kind]
    answer = client.post(path, body)
    assert fields_of(answer) == {"body": reason}
    assert code_of(answer) == "malformed_json"
    assert stored() == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        ('{"a": "\\\\u0000"}', {"a": "\\u0000"}),
        ('"' + "[" * 100 + '"', "[" * 100),
        ("[" * 32 + "]" * 32, None),
        ("[" + "[]," * 1000 + "[]]", [[]] * 1001),
        ("9223372036854775807", 2**63 - 1),
        ("-1.5e-300", -1.5e-300),
    ],
)
def test_what_is_unusual_but_sound_passes(text, value):
    parsed = parse_json(text.encode())
    assert value is None or parsed == value


def test_looking_for_depth_takes_linear_time():
    """A string full of escaped quotes, and never closed, would take an hour to a scanner that starts again at each."""
    for body in (b'["' + b'\\"' * 500_000, b'"' * 1_000_001, b'{"' + b"\\" * 999_999, b'[""' + b',""' * 300_000 + b"["):
        with pytest.raises(MalformedJson):
            parse_json(b"[" * 33 + body if body[:1] == b"{" else body + b"[" * 33)


WRONG: list[Any] = [None, True, 0, -1, 1.5, 10**18, "", "x", "x" * 10_000, "é\u202e", [], [1], {}, {"a": {}}, [[[]]]]
FIELDS = ("type", "params", "queue", "priority", "run_at", "delay_seconds", "timeout_seconds", "max_retries", "dedup")
LISTS = ("requirements", "labels", "depends_on", "on_dependency_failure", "parent", "deadline", "tenant", "id", "")


@pytest.mark.parametrize("field", [*FIELDS, *LISTS])
def test_wrong_values_in_every_field_are_refused_or_harmless(limit, client, admin, field):
    limit(tasks_per_minute=None)
    for value in WRONG:
        body = {"type": "echo", field: value}
        for answer in (
            client.post("/tasks", body),
            client.post("/tasks/bulk", {"tasks": [body]}),
            client.post("/tasks/echo/x", {"options": body}),
            admin.post("/tasks/bulk/cancel", {"filter": body, "dry_run": True}),
        ):
            assert answer.status_code in (200, 202, 400, 404, 409), (value, answer.content)
            if answer.status_code == 400:
                assert all(error["field"] and error["message"] for error in answer.json()["errors"])


@pytest.mark.parametrize("body", [b"[]", b"3", b"null", b'"x"', b"true"])
@pytest.mark.parametrize("path", ["/tasks", "/tasks/bulk", "/tasks/sample/noop", "/tasks/bulk/cancel"])
def test_the_body_must_be_an_object(client, path, body):
    assert fields_of(client.post(path, body)) == {"body": "not_an_object"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("run_at", "yesterday"),
        ("run_at", "2026-01-01T00:00:00"),
        ("run_at", "9999-12-31T23:59:59Z"),
        ("run_at", "0001-01-01T00:00:00+14:00"),
        ("delay_seconds", 1e18),
        ("timeout_seconds", 10**15),
        ("max_retries", 10**9),
        ("queue", "x" * 65),
        ("labels", ["x"] * 17),
        ("labels", ["x" * 65]),
        ("requirements", {"x" * 65: 1}),
        ("requirements", {"region": [1]}),
        ("dedup", {"key": "x" * 201}),
        ("dedup", {"key": "k", "ttl_seconds": 0}),
        ("type", "a..b"),
        ("type", "x" * 201),
        ("type", "echo\n"),
    ],
)
def test_values_out_of_bounds_are_refused_by_name(client, field, value):
    answer = client.post("/tasks", {"type": "echo", field: value})
    assert {name.split(".")[0] for name in fields_of(answer)} == {field}
    assert stored() == 0


def test_a_whole_number_may_be_written_with_a_point(client):
    """To JSON it is the same number, and to JSON Schema too."""
    answer = client.post("/tasks", b'{"type": "echo", "priority": 9.0, "max_retries": 2e0, "timeout_seconds": null}')
    assert (answer.status_code, answer.json()["priority"], answer.json()["max_retries"]) == (202, 9, 2)
    for wrong in (b"9.5", b"true", b'"9"', b"1e300"):
        refused = client.post("/tasks", b'{"type": "echo", "priority": %s}' % wrong)
        assert list(fields_of(refused)) == ["priority"]


def test_a_body_too_large_is_refused_on_arrival(client):
    body = json.dumps({"type": "echo", "params": {"a": "x" * 1_048_576}}).encode()
    answer = client.post("/tasks", body)
    assert (answer.status_code, code_of(answer)) == (413, "body_too_large")


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ";", "é/é"],
)
def test_another_content_type_is_refused(client, content_type):
    answer = client.post("/tasks", b'{"type": "echo"}', Content_Type=content_type)
    assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type")
    assert "application/json" in answer.json()["detail"]


def test_a_content_type_may_have_parameters(client):
    for content_type in ("application/json; charset=utf-8", "Application/JSON;q=1", "application/json ; x=;;"):
        assert client.post("/tasks", {"type": "echo"}, Content_Type=content_type).status_code == 202


@pytest.mark.parametrize("charset", ["utf-16", "UTF-7", "iso-8859-1", "cp1252", "latin1", '"utf-16le"', "utf8x", ""])
def test_another_charset_is_refused_rather_than_read_as_utf_8(client, make_task, charset):
    task = make_task("completed")
    for method, path, kind in (
        ("POST", "/tasks", "application/json"),
        ("POST", "/artifacts", "application/json"),
        ("POST", "/artifacts", "multipart/form-data; boundary=b"),
        ("GET", f"/tasks/{task.id}?tenant=acme", "application/json"),  # Django reads addresses in it too
    ):
        answer = client.send(method, path, {"type": "echo"}, Content_Type=f"{kind}; charset={charset}")
        assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type")
        assert "UTF-8" in answer.json()["detail"]
    assert stored() == 1


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"utf-8"', "us-ascii"])
def test_utf_8_may_be_named(client, charset):
    answer = client.post("/tasks", {"type": "echo"}, Content_Type=f"application/json; charset={charset}")
    assert answer.status_code == 202


@pytest.mark.parametrize("coding", ["xchunked", "gzip", "identity", "chunked, chunked", "chunked"])
def test_a_transfer_encoding_beside_a_length_is_refused(client, coding):
    """By servers that hand both on: the length may not be the body's."""
    answer = client.post("/tasks", {"type": "echo"}, Transfer_Encoding=coding)
    assert fields_of(answer) == {"Transfer-Encoding": "not_taken"}
    assert stored() == 0


@pytest.mark.parametrize("coding", ["xchunked", "x", "chunked, xchunked", "identity", "gzip", "chunked, chunked"])
def test_a_transfer_encoding_that_is_not_known_is_refused_by_the_server(live, acme, coding):
    body = b'14\r\n{"type": "echo"}     \r\n0\r\n\r\n'
    for length in ("", f"Content-Length: {len(body)}\r\n"):
        head = (
            f"POST {API}/tasks HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key_for(acme)}\r\n"
            f"Content-Type: application/json\r\nTransfer-Encoding: {coding}\r\n{length}\r\n"
        )
        with socket.create_connection(("127.0.0.1", live.port), timeout=PATIENCE_SECONDS) as connection:
            connection.sendall(head.encode() + body)
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501"))
        assert answer.count(b"HTTP/1.1") == 1, "what followed was not read as another request"
    assert stored() == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/html"},
        {"Accept": ";;;q=zz,,"},
        {"Accept": "a/" * 4000},
        {"Accept_Language": "x" * 5000},
        {"Accept_Encoding": "\x7f"},
        {"Prefer": "wait"},
        {"Prefer": "wait=-1"},
        {"Prefer": "wait=" + "9" * 5000},
        {"Prefer": 'wait=x, respond-async; a="b'},
        {"If_None_Match": '"' * 1000},
        {"If_Match": "é"},
        {"Origin": "null"},
        {"Range": "bytes=0-1"},
        {"X_HTTP_Method_Override": "DELETE"},
        {"X_Forwarded_Host": "evil.example"},
        {"X_Forwarded_For": "a, b, c"},
        {"Cookie": "sessionid=" + "x" * 4000},
        {"Content_Length": "x"},
    ],
    ids=str,
)
def test_hostile_headers_do_no_harm(client, make_task, headers):
    task = make_task("completed")
    for path in ("/tasks", f"/tasks/{task.id}", "/nowhere"):
        assert client.get(path, **headers).status_code in (200, 304, 400, 404)


@pytest.mark.parametrize(
    "path",
    ["/tasks/%00", "/tasks/%ff%fe", "/tasks/..%2f..%2fetc", "/tasks/x/y/z", "/tasks//", "//tasks", "/queues/%0a/pause"],
)
def test_hostile_addresses_are_not_found(admin, path):
    for method in ("GET", "POST", "DELETE"):
        answer = admin.send(method, path, {})
        assert (answer.status_code, code_of(answer)) == (404, "no_such_address")
