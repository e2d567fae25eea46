"""The largest artifact through a real gunicorn: never whole in memory, refused in time, and no connection held."""

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.db import connection

from tests.artifacts.looking import rows
from tests.rest.calling import API, key_for
from tests.rest.live import live_server
from tests.waiting import PATIENCE_SECONDS, threads, wait_until

MEBIBYTE = 2**20
SLACK_BYTES = 20 * MEBIBYTE
CONTENT = os.urandom(MEBIBYTE) * 25
BOUNDARY = os.urandom(16).hex()  # so long that CONTENT does not hold it by chance


@pytest.fixture
def live(store, clean_database):
    with live_server() as server:
        yield server


@pytest.fixture
def key(acme):
    return key_for(acme)


@pytest.fixture
def task(make_task):
    return make_task("completed")


def serving(server) -> psutil.Process:
    """The process that answers on the server's port."""
    (listener,) = (
        process
        for process in psutil.Process().children(recursive=True)
        if not process.children()
        and any(each.laddr.port == server.port for each in process.net_connections() if each.status == "LISTEN")
    )
    return listener


def as_json(task, content) -> bytes:
    data = base64.b64encode(content)
    return b'{"task_id": "%s", "type": "big", "data_base64": "%s"}' % (str(task.id).encode(), data)


def as_form(task, content) -> bytes:
    delimiter = f"--{BOUNDARY}".encode()
    fields = b"".join(
        delimiter + b'\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % each
        for each in ((b"task_id", str(task.id).encode()), (b"type", b"big"))
    )
    head = delimiter + b'\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    return fields + head + content + b"\r\n" + delimiter + b"--\r\n"


KINDS = {"json": (as_json, "application/json"), "form": (as_form, f"multipart/form-data; boundary={BOUNDARY}")}


@pytest.mark.parametrize("kind", KINDS)
def test_25_mb_go_in_and_out_through_less_than_20_mb_of_memory(live, key, task, kind):
    write, content_type = KINDS[kind]
    process = serving(live)

    def send(content):
        return live.raw(key, "POST", f"{API}/artifacts", write(task, content), {"Content-Type": content_type})

    small = send(b"small").json()  # what is loaded at the first use is no growth
    live.raw(key, "GET", f"{API}/artifacts/{small['id']}", None, {})
    before, peak = process.memory_info().rss, 0
    stored = send(CONTENT)
    assert stored.status_code == 201, stored.content
    peak = max(peak, _peak(process))
    fetched = live.raw(key, "GET", f"{API}/artifacts/{stored.json()['id']}", None, {})
    peak = max(peak, _peak(process))
    assert hashlib.sha256(fetched.content).hexdigest() == stored.json()["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    print(f"{kind}: {before / MEBIBYTE:.1f} MiB before, {peak / MEBIBYTE:.1f} MiB at most")
    assert peak - before < SLACK_BYTES


def _peak(process: psutil.Process) -> int:
    """The most resident memory since the process began."""
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


@pytest.mark.parametrize("kind", KINDS)
def test_26_mb_are_refused_and_the_client_gets_to_know(live, key, task, kind):
    write, content_type = KINDS[kind]
    body = write(task, CONTENT + bytes(MEBIBYTE))
    answer = live.raw(key, "POST", f"{API}/artifacts", body, {"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (413, "artifact_size_exceeded")
    assert rows() == []


def test_no_connection_is_held_while_a_client_sends_slowly(live, key, task):
    """The client stops in the middle of its body; meanwhile the server has no session in the database."""
    body, resume = as_json(task, CONTENT), []
    process = serving(live)
    files = _nameless_files(process)

    def pieces() -> Iterator[bytes]:
        yield body[: 10 * MEBIBYTE]
        wait_until(lambda: resume)
        yield body[10 * MEBIBYTE :]

    def send():
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return live.raw(key, "POST", f"{API}/artifacts", pieces(), headers)

    with threads(1) as run:
        sent = run(send)
        try:
            wait_until(lambda: _nameless_files(process) > files)
            assert _sessions() == 0
        finally:
            resume.append(True)
        assert sent.result(PATIENCE_SECONDS).status_code == 201


def _nameless_files(process: psutil.Process) -> int:
    """Among them what has come so far of a large body."""
    descriptors = [os.readlink(each) for each in Path(f"/proc/{process.pid}/fd").iterdir()]
    return sum(each.startswith(tempfile.gettempdir()) and each.endswith("(deleted)") for each in descriptors)


def _sessions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = session_user"
            " AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]
