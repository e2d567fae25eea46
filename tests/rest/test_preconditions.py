"""If-Match and If-None-Match (RFC 9110): on every method that changes a task or an artifact, and read as lists."""

import pytest
from django.test import RequestFactory

from queueapp.models import Artifact, Task
from queueapp.rest.toolkit.errors import PreconditionFailed
from queueapp.rest.toolkit.etags import check_if_match, is_current
from queueapp.tenancy import operator_scope

STALE = '"stale"'
NAMING = ['"v1"', 'W/"v1"', '"v1-gzip"', '"v1;br"', '"other", "v1"', '"a,b" , W/"v1",', "*", ' "x",, "v1" ']
NOT_NAMING = ['"v2"', '"v1', "v1", '"a, "v1"', '"v", "1"', "", ",", '"*"', '"v1" "v2"', "W/v1"]


@pytest.mark.parametrize("header", NAMING)
def test_what_names_the_version(header):
    request = RequestFactory().get("/", headers={"If-Match": header, "If-None-Match": header})
    assert is_current(request, '"v1"')
    check_if_match(request, '"v1"')


@pytest.mark.parametrize("header", NOT_NAMING)
def test_what_does_not(header):
    request = RequestFactory().get("/", headers={"If-Match": header, "If-None-Match": header})
    assert not is_current(request, '"v1"')
    with pytest.raises(PreconditionFailed):
        check_if_match(request, '"v1"')


@pytest.mark.parametrize(
    ("method", "action", "status", "accepted"),
    [("DELETE", "", "queued", 200), ("POST", "/cancel", "queued", 200), ("POST", "/retry", "dead_letter", 200)],
)
def test_a_stale_version_changes_no_task(client, make_task, method, action, status, accepted):
    task = make_task(status)
    path = f"/tasks/{task.id}"
    current = client.get(path)["ETag"]
    assert client.send(method, path + action, If_Match=STALE).status_code == 412
    with operator_scope("operator:test"):
        assert Task.objects.get(id=task.id).status == status
    assert client.send(method, path + action, If_Match=current).status_code == accepted


def test_a_stale_version_deletes_no_artifact(client, acme, make_task):
    task = make_task("completed")
    stored = client.post("/artifacts", {"task_id": str(task.id), "type": "note", "data_base64": "AAAA"}).json()
    artifact = stored["id"]
    path = f"/artifacts/{artifact}"
    assert client.send("DELETE", path, If_Match=STALE).status_code == 412
    with operator_scope("operator:test"):
        assert Artifact.objects.filter(id=artifact).exists()
    assert client.send("DELETE", path, If_Match=client.send("HEAD", path)["ETag"]).status_code == 204


def test_a_precondition_on_a_strangers_task_tells_nothing(stranger, make_task):
    task = make_task("queued")
    assert stranger.send("DELETE", f"/tasks/{task.id}", If_Match="*").status_code == 404
