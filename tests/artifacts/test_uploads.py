"""What POST /artifacts takes, and what it makes of everything else."""

import base64
import hashlib
import json

import pytest

from tests.artifacts.looking import body_of, content_of, rows, unclaimed
from tests.rest.calling import code_of, fields_of

BYTES = bytes(range(256)) * 1_000
LIMIT = 2**20


@pytest.fixture
def task(make_task, store):
    return make_task("completed")


def document(task, content=b"Hello world", **changes):
    encoded = base64.b64encode(content).decode()
    return {"task_id": str(task.id), "type": "note", "content_type": "text/plain", "data_base64": encoded} | changes


def form_of(*parts):
    """A multipart body and its type; a part is its headers and its content."""
    lines = [b"--b\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % part for part in parts]
    return b"".join(lines) + b"--b--\r\n", "multipart/form-data; boundary=b"


def test_json_in_and_the_same_bytes_out(client, task):
    answer = client.post("/artifacts", document(task, BYTES, metadata={"page": 3}))
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert answer["Location"] == f"/api/v1/artifacts/{shown['id']}"
    assert (shown["task_id"], shown["type"], shown["metadata"]) == (str(task.id), "note", {"page": 3})
    assert (shown["size_bytes"], shown["sha256"]) == (len(BYTES), hashlib.sha256(BYTES).hexdigest())
    assert client.get(f"/artifacts/{shown['id']}/meta").json() == shown
    downloaded = client.get(f"/artifacts/{shown['id']}")
    assert (downloaded.status_code, body_of(downloaded)) == (200, BYTES)
    assert client.get(f"/tasks/{task.id}").json()["artifact_ids"] == [shown["id"]]
    assert client.get(f"/tasks/{task.id}/artifacts").json()["results"] == [shown]


def test_the_etag_of_a_task_changes_with_its_artifacts(client, task):
    before = client.get(f"/tasks/{task.id}")["ETag"]
    client.post("/artifacts", document(task))
    assert client.get(f"/tasks/{task.id}", If_None_Match=before).status_code == 200


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.replace("/", "\\/").replace("+", "\\u002b"),
        lambda text: "\\r\\n".join(text[start : start + 76] for start in range(0, len(text), 76)),
        lambda text: text,
    ],
    ids=["escaped", "lines of MIME", "plain"],
)
@pytest.mark.parametrize("place", ["first", "last"])
def test_base64_may_be_written_as_json_allows_and_stand_anywhere(client, task, written, place):
    data = f'"data_base64" : "{written(base64.b64encode(BYTES).decode())}"'
    others = f'"task_id": "{task.id}", "type": "note", "metadata": {{"data_base64": "x", "n": ["data_base64", "{{"]}}'
    body = f"{{{data}, {others}}}" if place == "first" else f"{{{others}, {data}}}"
    answer = client.post("/artifacts", body.encode())
    assert answer.status_code == 201, answer.content
    assert content_of(rows()[0]) == BYTES
    assert rows()[0].metadata["data_base64"] == "x"


def test_a_form_is_the_same_and_keeps_the_files_name(client, task):
    body, kind = form_of(
        (b'name="task_id"', str(task.id).encode()),
        (b'name="type"', b"page"),
        (b'name="metadata"', b'{"page": 1}'),
        (b'name="file"; filename="r\xc3\xa9sum\xc3\xa9.md"\r\nContent-Type: text/markdown', BYTES),
    )
    answer = client.post("/artifacts", body, Content_Type=kind)
    assert answer.status_code == 201, answer.content
    (row,) = rows()
    assert (row.type, row.content_type, row.metadata) == ("page", "text/markdown", {"page": 1, "filename": "résumé.md"})
    assert content_of(row) == BYTES


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"data_base64": "SGVsbG8"}, {"data_base64": "not_base64"}),
        ({"data_base64": "SGVs!G8="}, {"data_base64": "not_base64"}),
        ({"data_base64": "SGVsbG8=SGVsbG8="}, {"data_base64": "not_base64"}),
        ({"data_base64": "SGVsbG8="[::-1]}, {"data_base64": "not_base64"}),
        ({"data_base64": 'SGVs"bG8='}, {"data_base64": "not_base64"}),
        ({"data_base64": "ÄÄÄÄ"}, {"data_base64": "not_base64"}),
        ({"data_base64": 3}, {"data_base64": "string_type"}),
        ({"data_base64": None}, {"data_base64": "string_type"}),
        ({"type": "no type"}, {"type": "string_pattern_mismatch"}),
        ({"content_type": "text/plain\nX: y"}, {"content_type": "string_pattern_mismatch"}),
        ({"metadata": []}, {"metadata": "dict_type"}),
        ({"metadata": {"a": "x" * 17_000}}, {"metadata": "value_error"}),
        ({"task_id": "x"}, {"task_id": "uuid_parsing"}),
        ({"tenant_id": "x"}, {"tenant_id": "extra_forbidden"}),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(client, task, changes, fields):
    assert fields_of(client.post("/artifacts", document(task, **changes))) == fields
    assert (rows(), unclaimed()) == ([], [])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"data_base64": "', "malformed_json"),
        (b'{"data_base64": "SGVs', "malformed_json"),
        (b'{"data_base64": "SGVs"', "malformed_json"),
        (b'{"data_base64": "SGVs", "data_base64": "SGVs"}', "malformed_json"),
        (b'{"metadata": "' + b"x" * 200_000 + b'"}', "body_too_large"),
        (b'{"data_base64": "SGVs", "metadata": "' + b"x" * 200_000 + b'"}', "body_too_large"),
        (b'["data_base64", "SGVs"]', "invalid_request"),
        (b'{"data_base64": "SGVs"} {"type": "x"}', "malformed_json"),
        (b"{" * 1_000, "malformed_json"),
    ],
)
def test_a_body_that_is_no_such_json_is_refused(client, store, body, code):
    answer = client.post("/artifacts", body)
    assert (answer.status_code, code_of(answer)) == (413 if code == "body_too_large" else 400, code)
    assert rows() == []


@pytest.mark.parametrize(
    ("parts", "fields"),
    [
        ([], {"file": "missing"}),
        ([(b'name="file"; filename="a"', b"x"), (b'name="file"; filename="b"', b"y")], {"file": "given_twice"}),
        ([(b'name="other"; filename="a"', b"x")], {"other": "extra_forbidden"}),
        ([(b'name="type"', b"a"), (b'name="type"', b"b")], {"type": "given_twice"}),
        ([(b'name="file"; filename="a"', b"x"), (b'name="metadata"', b"[")], {"body": "not_json"}),
    ],
)
def test_a_form_that_will_not_do_is_refused(client, store, parts, fields):
    body, kind = form_of(*parts)
    assert fields_of(client.post("/artifacts", body, Content_Type=kind)) == fields
    assert rows() == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_other_types_of_bodies_are_refused(client, store, kind):
    assert client.post("/artifacts", b"x", Content_Type=kind).status_code in (400, 415)


@pytest.mark.parametrize("kind", ["json", "form"])
def test_the_limit_counts_decoded_bytes(client, task, configure, kind):
    configure(TASK_MAX_ARTIFACT_MB=1)

    def send(size):
        if kind == "json":
            return client.post("/artifacts", document(task, bytes(size)))
        body, content_type = form_of(
            (b'name="task_id"', str(task.id).encode()),
            (b'name="type"', b"page"),
            (b'name="file"; filename="f"', bytes(size)),
        )
        return client.post("/artifacts", body, Content_Type=content_type)

    assert send(LIMIT).status_code == 201
    refused = send(LIMIT + 1)
    assert (refused.status_code, code_of(refused)) == (413, "artifact_size_exceeded")
    assert "1048576 bytes" in refused.json()["detail"]
    assert len(rows()) == 1


def test_another_tenants_task_is_as_unknown_as_nobodys(stranger, client, task):
    foreign = stranger.post("/artifacts", document(task))
    unknown = stranger.post("/artifacts", document(task, task_id="00000000-0000-7000-8000-000000000000"))
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert (rows(), unclaimed()) == ([], [])


def test_an_admin_adds_to_any_tenants_task(admin, make_task, store, globex):
    task = make_task("queued", tenant=globex)
    assert admin.post("/artifacts", document(task)).status_code == 201
    assert [row.tenant_id for row in rows()] == [globex.id]


def test_a_store_that_is_away_is_a_503_to_try_again(client, task, settings):
    options = {"location": "/proc/no/such/place"}
    settings.STORAGES = {
        **settings.STORAGES,
        "artifacts": {"BACKEND": "queueapp.artifacts.filesystem_store.FileStore", "OPTIONS": options},
    }
    answer = client.post("/artifacts", document(task))
    assert (answer.status_code, code_of(answer)) == (503, "artifact_store_unavailable")
    assert int(answer["Retry-After"]) > 0
    assert rows() == []


def test_the_name_of_the_data_may_be_spelt_with_an_escape(client, task):
    body = json.dumps(document(task)).replace("data_base64", "data\\u005fbase64").encode()
    answer = client.post("/artifacts", body)
    assert answer.status_code == 201, answer.content
    assert [content_of(row) for row in rows()] == [b"Hello world"]
