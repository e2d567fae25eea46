"""What an HTTP worker attaches to the task that it leases, and reads of it."""

import base64

import pytest

from queueapp.artifacts import object_store
from queueapp.models import Artifact
from queueapp.tenancy import operator_scope
from tests.rest.calling import Api, code_of, key_for
from tests.tasks.workers import expire_lease


@pytest.fixture
def worker(acme):
    return Api(key_for(acme, "worker"))


@pytest.fixture
def leased(worker, make_task):
    """What a claim gave out."""
    make_task("queued")
    (task,) = worker.post("/worker/claim", {}).json()["tasks"]
    return task


def attach(api, task, content=b"bytes", **changes):
    data = base64.b64encode(content).decode()
    body = {"lease_token": task["lease_token"], "type": "report", "data_base64": data} | changes
    return api.post(f"/worker/tasks/{task['id']}/artifacts", body)


def stored():
    with operator_scope("operator:test"):
        return list(Artifact.objects.all())


def test_a_worker_attaches_and_reads_by_its_lease(worker, leased):
    answer = attach(worker, leased, metadata={"n": 1})
    assert answer.status_code == 201, answer.content
    assert (answer.json()["attempt"], answer.json()["metadata"]) == (leased["attempt"], {"n": 1})
    address = f"/worker/tasks/{leased['id']}/artifacts"
    token = f"?lease_token={leased['lease_token']}"
    assert worker.get(address + token).json()["results"] == [answer.json()]
    downloaded = worker.get(f"{address}/{answer.json()['id']}{token}")
    assert b"".join(downloaded.streaming_content) == b"bytes"


def test_a_lost_lease_stores_and_shows_nothing(worker, leased):
    attach(worker, leased)
    expire_lease(leased["id"])
    refused = attach(worker, leased)
    assert (refused.status_code, code_of(refused)) == (409, "lease_lost")
    address = f"/worker/tasks/{leased['id']}/artifacts"
    token = f"?lease_token={leased['lease_token']}"
    assert worker.get(address + token).status_code == 409
    assert worker.get(f"{address}/{stored()[0].id}{token}").status_code == 409
    assert len(stored()) == 1


def test_a_token_of_another_key_is_no_lease(acme, globex, leased):
    colleague, stranger = Api(key_for(acme, "worker", "other")), Api(key_for(globex, "worker"))
    assert attach(colleague, leased).status_code == 409
    assert attach(stranger, leased).status_code == 404
    assert stored() == []


def test_an_artifact_of_another_task_is_not_found(worker, leased, client_of_acme, make_task):
    other = make_task("completed")
    body = {"task_id": str(other.id), "type": "x", "data_base64": ""}
    artifact_id = client_of_acme.post("/artifacts", body).json()["id"]
    address = f"/worker/tasks/{leased['id']}/artifacts/{artifact_id}?lease_token={leased['lease_token']}"
    assert worker.get(address).status_code == 404


def test_a_lease_lost_while_the_object_was_written_leaves_nothing(worker, leased, monkeypatch):
    write = object_store.put

    def put_slowly(key, intake):
        write(key, intake)
        expire_lease(leased["id"])

    monkeypatch.setattr(object_store, "put", put_slowly)
    answer = attach(worker, leased)
    assert (answer.status_code, code_of(answer)) == (409, "lease_lost")
    assert stored() == []


@pytest.fixture
def client_of_acme(acme):
    return Api(key_for(acme))
