"""Stores that do not honour Range, and keys that may not list: no wrong byte, and what is lost is told as lost."""

import base64

import pytest

from queueapp.artifacts import object_store
from queueapp.errors import StoreUnavailable
from taskrunner.environment import Environment
from tests.artifacts.looking import body_of, rows
from tests.artifacts.odd_s3 import BUCKET, proxy
from tests.rest.calling import code_of

CONTENT = bytes(range(256)) * 1_000
SIZE = len(CONTENT)


@pytest.fixture
def odd(s3, settings, monkeypatch):
    """The ways of the store; at first it behaves."""
    with proxy(s3.endpoint) as (endpoint, ways):
        for name, value in {**s3.variables, "MINIO_ENDPOINT": endpoint}.items():
            monkeypatch.setenv(name, value)
        settings.STORAGES = {**settings.STORAGES, "artifacts": Environment().artifact_store}
        yield ways


@pytest.fixture
def address(client, make_task, odd):
    """Of a stored artifact."""
    task = make_task("completed")
    body = {"task_id": str(task.id), "type": "report", "data_base64": base64.b64encode(CONTENT).decode()}
    answer = client.post("/artifacts", body)
    assert answer.status_code == 201, answer.content
    return f"/artifacts/{answer.json()['id']}"


@pytest.mark.parametrize("ignores_range", [False, True])
@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=1-1", 1, 2),
        ("bytes=100-", 100, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        ("bytes=70000-80000", 70_000, 80_001),
    ],
)
def test_a_range_is_what_was_asked_for_whatever_the_store_sends(client, odd, address, ignores_range, asked, start, end):
    odd.ignores_range = ignores_range
    answer = client.get(address, Range=asked)
    assert (answer.status_code, answer["Content-Range"]) == (206, f"bytes {start}-{end - 1}/{SIZE}")
    assert body_of(answer) == CONTENT[start:end]


def test_another_range_than_was_asked_for_is_not_served(client, odd, address):
    odd.sends_from = 7
    answer = client.get(address, Range="bytes=100-")
    assert (answer.status_code, code_of(answer)) == (503, "artifact_store_unavailable")


def test_a_lost_object_is_told_as_lost_without_the_right_to_list(client, odd, address):
    (row,) = rows()
    object_store.delete(row.object_key)
    odd.may_list = False
    answer = client.get(address)
    assert (answer.status_code, code_of(answer)) == (410, "artifact_lost")
    left = odd.client.list_objects_v2(Bucket=BUCKET, Prefix=row.object_key)
    assert left["KeyCount"] == 0, "what was written to find out is gone"


def test_two_at_a_time_are_told_the_same(client, odd, address):
    (row,) = rows()
    object_store.delete(row.object_key)
    odd.may_list = False
    meanwhile = []
    odd.before_probe = lambda: meanwhile.append(code_of(client.get(address)))
    assert [code_of(client.get(address)), *meanwhile] == ["artifact_lost", "artifact_lost"]


def test_who_may_not_read_at_all_has_lost_nothing(client, odd, address):
    odd.may_read = False
    answer = client.get(address)
    assert (answer.status_code, code_of(answer)) == (503, "artifact_store_unavailable")
    odd.may_read = True
    assert body_of(client.get(address)) == CONTENT


def test_a_store_is_sound_without_the_right_to_list_and_not_without_that_to_read(odd):
    odd.may_list = False
    assert object_store.check().endswith(f"/{BUCKET}")
    odd.may_read = False
    with pytest.raises(StoreUnavailable):
        object_store.check()
