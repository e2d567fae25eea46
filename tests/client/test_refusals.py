"""Each refusal of the server is an exception of its own kind, with what the server said."""

from pathlib import Path
from uuid import uuid4

import pytest
from taskrunner_client import (
    ArtifactLost,
    ArtifactTooLarge,
    DigestMismatch,
    DuplicateTask,
    IdempotencyKeyReused,
    InvalidRequest,
    NotFound,
    TaskRejected,
    Unauthenticated,
    UnexpectedAnswer,
    WrongState,
)

from queueapp.artifacts import object_store
from queueapp.models import Artifact
from queueapp.tenancy import operator_scope


def test_a_submission_that_is_refused_names_its_fields(client):
    with pytest.raises(TaskRejected) as refused:
        client.submit("sleep", {"seconds": "long"})
    assert refused.value.code == "task_rejected_invalid_params"
    assert [each.field for each in refused.value.errors] == ["params.seconds"]
    assert refused.value.request_id
    with pytest.raises(InvalidRequest, match="batch_size_exceeded"):
        client.submit_many([{"type": "echo"}] * 51)


def test_what_is_not_there_is_not_found(client):
    for call in (client.get, client.cancel, client.retry, client.download, client.artifact):
        with pytest.raises(NotFound):
            call(uuid4())


def test_a_status_that_forbids_it_is_told(client):
    task = client.submit("echo")
    with pytest.raises(WrongState) as refused:
        client.retry(task.id)
    assert refused.value.members["task_status"] == "queued"


def test_a_deduplication_key_that_is_taken_names_the_task(client):
    dedup = {"key": "a", "on_conflict": "reject"}
    task = client.submit("echo", dedup=dedup)
    with pytest.raises(DuplicateTask) as refused:
        client.submit("echo", dedup=dedup)
    assert refused.value.task_id == task.id


def test_a_key_of_another_request_is_refused(client):
    client.submit("echo", {"n": 1}, idempotency_key="k")
    with pytest.raises(IdempotencyKeyReused):
        client.submit("echo", {"n": 2}, idempotency_key="k")


def test_a_key_that_is_none_is_refused(connect, live):
    with pytest.raises(Unauthenticated):
        connect(live.url, key="tr_nobody").get(uuid4())


def test_what_is_no_api_is_told_with_what_it_says(connect, live):
    with pytest.raises(UnexpectedAnswer, match="302"):
        connect(f"{live.url}/admin").get(uuid4())


def test_an_artifact_that_is_too_large_is_refused(client, acme):
    acme.limits = {"task_max_artifact_mb": 1}
    with operator_scope("operator:test"):
        acme.save()
    with pytest.raises(ArtifactTooLarge):
        client.upload(client.submit("echo").id, "blob", bytes(2**20 + 1))


def test_bytes_that_are_not_those_that_were_stored_are_refused(client):
    artifact = client.upload(client.submit("echo").id, "blob", b"Hello")
    with operator_scope("operator:test"):
        key = Artifact.objects.get(id=artifact.id).object_key
    with object_store.open_object(key) as file:
        Path(file.name).write_bytes(b"World")
    with pytest.raises(DigestMismatch):
        client.download(artifact.id)
    object_store.delete(key)
    with pytest.raises(ArtifactLost):
        client.download(artifact.id)
