"""If-Match and If-None-Match (RFC 9110): on every method that changes something, and read as lists."""

import pytest
from django.test import RequestFactory

from queueapp.models import Artifact, Task
from queueapp.rest.toolkit.endpoints import endpoints_of
from queueapp.rest.toolkit.errors import PreconditionFailed
from queueapp.rest.toolkit.etags import check_preconditions, is_current
from queueapp.tenancy import operator_scope
from tests.rest.calling import Api, code_of, key_for
from tests.rest.routes import routes

STALE = '"stale"'
NAMING = ['"v1"', 'W/"v1"', '"v1-gzip"', '"v1;br"', '"other", "v1"', '"a,b" , W/"v1",', "*", ' "x",, "v1" ']
NOT_NAMING = ['"v2"', '"v1', "v1", '"a, "v1"', '"v", "1"', "", ",", '"*"', '"v1" "v2"', "W/v1"]


def asked(**headers):
    return RequestFactory().get("/", headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("header", NAMING)
def test_what_names_the_version(header):
    assert is_current(asked(If_None_Match=header), '"v1"')
    check_preconditions(asked(If_Match=header), '"v1"')
    with pytest.raises(PreconditionFailed):
        check_preconditions(asked(If_None_Match=header), '"v1"')


@pytest.mark.parametrize("header", NOT_NAMING)
def test_what_does_not(header):
    assert not is_current(asked(If_None_Match=header), '"v1"')
    check_preconditions(asked(If_None_Match=header), '"v1"')
    with pytest.raises(PreconditionFailed):
        check_preconditions(asked(If_Match=header), '"v1"')


@pytest.mark.parametrize(
    ("method", "action", "status", "body"),
    [
        ("PATCH", "", "queued", {"priority": 9}),
        ("DELETE", "", "queued", None),
        ("POST", "/cancel", "queued", None),
        ("POST", "/retry", "dead_letter", None),
    ],
)
def test_a_task_is_changed_at_the_versions_that_are_meant(client, make_task, method, action, status, body):
    task = make_task(status)
    path = f"/tasks/{task.id}"
    current = client.get(path)["ETag"]
    for refused in ({"If_Match": STALE}, {"If_None_Match": "*"}, {"If_None_Match": f"{STALE}, {current}"}):
        assert client.send(method, path + action, body, **refused).status_code == 412
    with operator_scope("operator:test"):
        row = Task.objects.get(id=task.id)
    assert (row.status, row.priority) == (status, task.priority)
    assert client.send(method, path + action, body, If_Match=current, If_None_Match=STALE).status_code == 200


def test_a_stale_version_deletes_no_artifact(client, acme, make_task):
    task = make_task("completed")
    stored = client.post("/artifacts", {"task_id": str(task.id), "type": "note", "data_base64": "AAAA"}).json()
    artifact = stored["id"]
    path = f"/artifacts/{artifact}"
    for refused in ({"If_Match": STALE}, {"If_None_Match": "*"}):
        assert client.send("DELETE", path, **refused).status_code == 412
    with operator_scope("operator:test"):
        assert Artifact.objects.filter(id=artifact).exists()
    assert client.send("DELETE", path, If_Match=client.send("HEAD", path)["ETag"]).status_code == 204


def test_a_precondition_on_a_strangers_task_tells_nothing(stranger, make_task):
    task = make_task("queued")
    assert stranger.send("DELETE", f"/tasks/{task.id}", If_Match="*").status_code == 404


UNVERSIONED = [
    route
    for route in routes()
    if route.method not in ("GET", "HEAD") and "If-Match" not in endpoints_of(route.view)[route.method].headers
]


@pytest.mark.parametrize("route", UNVERSIONED, ids=str)
def test_what_has_no_versions_is_not_changed_where_one_is_meant(acme, make_task, route):
    """Rather than with the condition ignored."""
    api, task = Api(key_for(acme, route.roles[0])), make_task()
    for refused in ({"If_Match": STALE}, {"If_None_Match": "*"}):
        answer = api.send(route.method, route.filled(task.id), {}, **refused)
        assert (answer.status_code, code_of(answer)) == (412, "precondition_failed")


def test_it_may_be_changed_as_it_is_there(client):
    assert client.post("/tasks", {"type": "echo"}, If_Match="*", If_None_Match=STALE).status_code == 202
