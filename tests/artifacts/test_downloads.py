"""What GET /artifacts/{id} answers: a file to save, never a page to show."""

import base64

import pytest

from queueapp.artifacts import object_store
from tests.artifacts.looking import body_of, is_stored, rows
from tests.rest.calling import code_of

CONTENT = bytes(range(256)) * 1_000
SIZE = len(CONTENT)


@pytest.fixture
def keep(client, make_task, store):
    """Store an artifact and return its address."""
    task = make_task("completed")

    def keep(content=CONTENT, **about):
        body = {"task_id": str(task.id), "type": "report", "data_base64": base64.b64encode(content).decode(), **about}
        answer = client.post("/artifacts", body)
        assert answer.status_code == 201, answer.content
        return f"/artifacts/{answer.json()['id']}"

    return keep


def test_its_headers_let_no_browser_run_it(client, keep):
    answer = client.get(keep(content_type="text/html", metadata={"filename": "../../evil.html"}))
    assert body_of(answer) == CONTENT
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith('attachment; filename="evil.html"')
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "private, no-store"
    assert (answer["Content-Length"], answer["Accept-Ranges"]) == (str(SIZE), "bytes")


@pytest.mark.parametrize(
    ("content_type", "served_as"),
    [
        ("application/json", "application/json"),
        ("text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("image/png", "image/png"),
        ("image/svg+xml", "application/octet-stream"),
        ("application/pdf", "application/octet-stream"),
        ("application/xhtml+xml", "application/octet-stream"),
        ("text/xml", "application/octet-stream"),
        ("application/javascript", "application/octet-stream"),
    ],
)
def test_types_are_told_where_they_do_no_harm(client, keep, content_type, served_as):
    answer = client.get(keep(b"x", content_type=content_type))
    assert (answer["Content-Type"], body_of(answer)) == (served_as, b"x")


@pytest.mark.parametrize(
    ("filename", "plain", "exact"),
    [
        ("résumé 2026.pdf", "r_sum_ 2026.pdf", "r%C3%A9sum%C3%A9%202026.pdf"),
        ('a"; filename=x\r\nX-Evil: 1', "a__ filename=x__X-Evil_ 1", "a__%20filename%3Dx__X-Evil_%201"),
        ("C:\\windows\\cmd.exe", "cmd.exe", "cmd.exe"),
        ("...", "artifact", "artifact"),
        ("x" * 300, "x" * 150, "x" * 150),
        ("\u202egpj.exe", "_gpj.exe", "_gpj.exe"),
    ],
)
def test_names_are_made_safe(client, keep, filename, plain, exact):
    answer = client.get(keep(b"x", metadata={"filename": filename}))
    assert answer["Content-Disposition"] == f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"
    body_of(answer)


def test_one_without_a_name_is_called_by_its_type(client, keep):
    address = keep(b"{}", content_type="application/json")
    answer = client.get(address)
    assert f'filename="report-{address[-36:]}.json"' in answer["Content-Disposition"]
    body_of(answer)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-", 100, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        ("bytes=70000-9999999", 70_000, SIZE),
    ],
)
def test_a_range_is_answered_with_that_part(client, keep, asked, start, end):
    answer = client.get(keep(), Range=asked)
    assert (answer.status_code, body_of(answer)) == (206, CONTENT[start:end])
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=-", "bytes=9-3", "lines=1-2", "bytes=a-b"])
def test_a_range_that_is_none_is_answered_with_everything(client, keep, asked):
    answer = client.get(keep(), Range=asked)
    assert (answer.status_code, body_of(answer)) == (200, CONTENT)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(client, keep, asked):
    answer = client.get(keep(), Range=asked)
    assert (answer.status_code, code_of(answer)) == (416, "range_not_satisfiable")
    assert answer["Content-Range"] == f"bytes */{SIZE}"


def test_a_range_of_another_version_is_answered_with_everything(client, keep):
    answer = client.get(keep(), Range="bytes=0-1", If_Range='"another"')
    assert (answer.status_code, body_of(answer)) == (200, CONTENT)


def test_the_digest_is_its_etag(client, keep):
    address = keep()
    first = client.get(address)
    assert body_of(first) == CONTENT
    etag = first["ETag"]
    again = client.get(address, If_None_Match=etag)
    assert (etag, again.status_code, again.content) == (f'"{rows()[0].sha256}"', 304, b"")
    for known in ("*", f"W/{etag}", f'"another", {etag}'):
        assert client.get(address, If_None_Match=known).status_code == 304
    assert body_of(client.get(address, If_None_Match='"another"')) == CONTENT


def test_head_tells_the_size(client, keep):
    answer = client.send("HEAD", keep())
    assert (answer.status_code, answer.content, answer["Content-Length"]) == (200, b"", str(SIZE))


def test_an_empty_artifact_comes_back_empty(client, keep):
    answer = client.get(keep(b""))
    assert (answer.status_code, body_of(answer), answer["Content-Length"]) == (200, b"", "0")


def test_a_lost_object_is_told_as_such(client, keep):
    address = keep()
    object_store.delete(rows()[0].object_key)
    answer = client.get(address)
    assert (answer.status_code, code_of(answer)) == (410, "artifact_lost")
    assert client.get(f"{address}/meta").status_code == 200


def test_deleting_takes_the_row_at_once(client, keep):
    address = keep()
    (row,) = rows()
    assert client.send("DELETE", address).status_code == 204
    assert client.get(address).status_code == 404
    assert client.send("DELETE", address).status_code == 404
    assert rows() == []
    assert is_stored(row), "the sweep has not come round"


def test_foreign_artifacts_are_not_found_in_the_same_bytes(stranger, keep):
    address = keep()
    nobody = "/artifacts/00000000-0000-7000-8000-000000000000"
    for method, suffix in (("GET", ""), ("GET", "/meta"), ("DELETE", "")):
        foreign, unknown = (stranger.send(method, each + suffix) for each in (address, nobody))
        assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert stranger.get("/artifacts").json()["results"] == []
    assert len(rows()) == 1


def test_the_list_is_filtered_and_paged(client, keep, admin):
    addresses = [keep(b"x", type=type) for type in ("a", "b", "a")]
    ids = [address[-36:] for address in addresses]

    def listed(query):
        return [each["id"] for each in client.get(f"/artifacts{query}").json()["results"]]

    assert listed("") == ids[::-1]
    assert listed("?type=a") == [ids[2], ids[0]]
    assert listed("?task_id=00000000-0000-7000-8000-000000000000") == []
    assert listed("?created_before=2020-01-01T00:00:00Z") == []
    assert listed("?created_after=2020-01-01T00:00:00Z&limit=1") == [ids[2]]
    following = client.get("/artifacts?limit=2").json()["next"].split("/api/v1")[1]
    assert [each["id"] for each in client.get(following).json()["results"]] == [ids[0]]
    assert len(admin.get("/artifacts").json()["results"]) == 3
    assert client.get("/artifacts?type=no type").status_code == 400
