"""What the client asks for is done, and what comes back are objects with types."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from taskrunner_client import Artifact, Client, Task, TaskOptions
from taskrunner_client.documents import FINAL, Status

from queueapp import states
from queueapp.rest.artifacts.storing import ArtifactResponse
from queueapp.rest.visibility import TaskResponse
from queueapp.tasks.requests import TaskRequest


def test_a_task_is_submitted_with_its_options_and_read_again(client):
    due = datetime.now(UTC) + timedelta(hours=1)
    task = client.submit("echo", {"msg": "hello"}, run_at=due, priority=9, labels=["a"])
    assert (task.type, task.params, task.status, task.ended) == ("echo", {"msg": "hello"}, "scheduled", False)
    assert (task.run_at, task.priority, task.labels, task.tenant) == (due, 9, ["a"], "acme")
    assert client.get(task.id) == task


def test_many_are_submitted_in_their_order(client):
    tasks = client.submit_many([{"type": "echo", "params": {"n": n}, "delay_seconds": 60} for n in range(5)])
    assert [task.params["n"] for task in tasks] == list(range(5))
    assert client.submit_many([{"type": "echo"}])[0].status == "queued"


def test_a_task_is_cancelled_and_retried(client):
    task = client.submit("echo")
    assert client.cancel(task.id).status == "cancelled"
    assert client.retry(task.id).status == "queued"


@pytest.mark.parametrize("as_file", [False, True])
def test_an_artifact_comes_back_as_it_was(client, as_file):
    content = b"\x00\xff" * 100_000
    task = client.submit("echo", delay_seconds=60)
    stored = client.upload(
        task.id,
        "blob",
        BytesIO(content) if as_file else content,
        content_type="image/png",
        filename="a.png",
        metadata={"page": 1},
    )
    assert (stored.size_bytes, stored.content_type) == (len(content), "image/png")
    assert stored.metadata == {"filename": "a.png", "page": 1}
    assert client.artifact(stored.id) == stored
    assert client.download(stored.id) == content
    file = BytesIO(b"before")
    file.seek(0, 2)
    client.download_to(stored.id, file)
    assert file.getvalue() == b"before" + content
    assert client.get(task.id).artifact_ids == [stored.id]


def test_an_address_without_http_is_refused():
    with pytest.raises(ValueError, match="begins with http"):
        Client("example.com/api/v1", "tr_key")


def test_it_knows_what_the_server_takes_and_gives():
    assert set(TaskOptions.__annotations__) == set(TaskRequest.model_fields) - {"type", "params"}
    assert set(Task.model_fields) == set(TaskResponse.model_fields)
    assert set(Artifact.model_fields) == set(ArtifactResponse.model_fields)
    assert set(Status.__args__) == set(states.Status)
    assert FINAL == states.FINAL


def test_what_a_newer_server_says_besides_is_left_out(client):
    task = client.submit("echo")
    assert Task.model_validate(task.model_dump() | {"colour": "blue"}) == task
