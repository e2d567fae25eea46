"""Keys of two tenants, and a client that speaks to the API in this process."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from queueapp.apikeys import create_key
from queueapp.models import Tenant
from queueapp.tenancy import operator_scope

YOUTUBE = "IdeaInspiration.Sources.YouTube"
CLASSIFICATION = "IdeaInspiration.Classification"
NARRATION = "Studio.Narration"  # has no handler: acme declares it
SCHEMA = {"type": "object", "properties": {"text": {"type": "string", "maxLength": 50}}, "required": ["text"]}


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Any


class Api:
    """Requests with one key."""

    def __init__(self, key: str) -> None:
        self.key = key

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        data = (
            {"data": json.dumps(body, ensure_ascii=False), "content_type": "application/json"}
            if body is not None
            else {}
        )
        response = Client().generic(method, f"/api/v1{path}", headers={"Authorization": f"Bearer {self.key}"}, **data)
        return Answer(response.status_code, json.loads(response.content or b"null"), response.headers)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def post(self, path: str, body: Any = None) -> Answer:
        return self.send("POST", path, {} if body is None else body)


class WorkerApi(Api):
    """Requests of one worker."""

    def claim(self, **members: Any) -> list[dict[str, Any]]:
        answer = self.post("/worker/claim", members)
        assert answer.status == 200, answer.body
        return answer.body["tasks"]

    def tell(self, verb: str, task: dict[str, Any], **members: Any) -> Answer:
        return self.post(f"/worker/tasks/{task['id']}/{verb}", {"lease_token": task["lease_token"], **members})


def make_key(tenant: Tenant, role: str, **capabilities: Any) -> str:
    with operator_scope("operator:test"):
        _, key = create_key(tenant, f"{role} {len(capabilities)}", role, capabilities=capabilities)
    return key


@pytest.fixture
def worker(acme):
    """A worker of acme that may take everything of acme's."""
    return WorkerApi(make_key(acme, "worker"))


@pytest.fixture
def stranger(globex):
    """A worker of globex."""
    return WorkerApi(make_key(globex, "worker"))


@pytest.fixture
def client_of_acme(acme):
    return Api(make_key(acme, "client"))


@pytest.fixture
def admin(acme):
    return Api(make_key(acme, "admin"))


@pytest.fixture
def declared(admin):
    """acme has declared its type."""
    answer = admin.post("/task-types", {"type": NARRATION, "params_schema": SCHEMA, "max_retries": 1})
    assert answer.status == 201, answer.body
    return answer.body
