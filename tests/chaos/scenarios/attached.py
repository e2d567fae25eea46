"""The judge of artifacts: every completed task has its own, every row its bytes, and every object its row."""

import hashlib
from datetime import timedelta

from django.core.files.storage import storages
from django.db.models.functions import Now

from queueapp.artifacts import garbage, object_store
from queueapp.models import Artifact, PendingObject, Task
from queueapp.tenancy import operator_scope
from tests.waiting import wait_until


def judge() -> dict[str, int]:
    """Figures. Raises AssertionError naming what is wrong."""
    with operator_scope("operator:judge"):
        tasks = list(Task.objects.filter(type="sample.attach"))
        artifacts = list(Artifact.objects.select_related("task"))
        PendingObject.objects.update(due_at=Now() - timedelta(seconds=1))
    stored = {str(artifact.id): artifact for artifact in artifacts}
    for task in tasks:
        artifact = stored.get(task.result)
        assert artifact is not None, f"{task.status} task {task.id} has no artifact {task.result}"
        assert (artifact.task_id, artifact.attempt) == (task.id, task.attempt)
    for artifact in artifacts:
        _check_bytes(artifact)
    swept = garbage.sweep()
    wait_until(_nothing_is_unclaimed)  # the cluster may have begun before us
    keys = set(_keys())
    assert keys == {artifact.object_key for artifact in artifacts}, "objects and rows differ"
    retried = sum(task.failures > 0 for task in tasks)
    counts = {"attaching_tasks": len(tasks), "artifacts": len(artifacts), "tasks_tried_again": retried}
    return {**counts, "objects_swept": swept}


def _check_bytes(artifact: Artifact) -> None:
    with object_store.open_object(artifact.object_key) as file:
        content = file.read()
    expected = str(artifact.task_id).encode() * artifact.task.params["times"]
    assert content == expected, f"artifact {artifact.id} holds something else"
    assert (artifact.size_bytes, artifact.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def _nothing_is_unclaimed() -> bool:
    with operator_scope("operator:judge"):
        return not PendingObject.objects.exists()


def _keys() -> list[str]:
    bucket = storages["artifacts"]
    pages = bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.bucket_name)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
