"""Artifacts on a task's page: listed, and downloaded as files, with a record of who did."""

import pytest

from queueapp.artifacts import object_store, service
from queueapp.artifacts.service import ArtifactDescription
from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.models import Artifact, OperatorAction
from queueapp.tenancy import operator_scope, tenant_scope

ABOUT = ArtifactDescription(type="report", content_type="text/html", metadata={"filename": "report.html"})


@pytest.fixture
def artifact(acme, make_task) -> Artifact:
    task = make_task("completed")
    with tenant_scope(acme.id), UploadBuffer(100) as buffer:
        buffer.write(b"<script>")
        upload = service.reserve(acme.id, task.id)
        object_store.put(upload.object_key, buffer)
        return service.claim(upload, ABOUT, buffer)


def address(artifact):
    return f"/admin/queueapp/task/artifacts/{artifact.id}/"


def test_the_page_lists_them_and_a_watcher_may_download(watcher, artifact):
    page = watcher.get(f"/admin/queueapp/task/{artifact.task_id}/change/").content.decode()
    assert address(artifact) in page
    assert artifact.sha256 in page
    answer = watcher.get(address(artifact))
    assert b"".join(answer.streaming_content) == b"<script>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith('attachment; filename="report.html"')
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    with operator_scope("operator:test"):
        (action,) = OperatorAction.objects.all()
    assert (action.actor, action.action, action.target) == ("operator:watcher", "artifact.download", str(artifact.id))


def test_a_lost_object_is_told_on_the_tasks_page(root, artifact):
    object_store.delete(artifact.object_key)
    answer = root.get(address(artifact), follow=True)
    assert "missing from the store" in answer.content.decode()


def test_others_are_refused(client, clean_database, artifact, root):
    assert client.get(address(artifact)).status_code == 302
    assert root.get("/admin/queueapp/task/artifacts/0198c0de-0000-7000-8000-000000000000/").status_code == 404
