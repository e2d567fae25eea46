"""Calling the API in process, as the holder of a key."""

import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.test import Client

from queueapp.apikeys import create_key
from queueapp.models import Tenant
from queueapp.tenancy import operator_scope

API = "/api/v1"


class Api:
    """A client that sends one key, and JSON."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._client = Client(raise_request_exception=False)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, body, **headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """Headers by their names with `_` for `-`. A body of bytes is sent as it is, None as no body at all."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.generic(
            method,
            API + path,
            b"" if body is None else body if isinstance(body, bytes) else dumps(body),
            content_type=given.pop("Content-Type", "application/json"),
            headers={"Authorization": f"Bearer {self.key}", **given},
        )

    def submit(self, **fields: Any) -> UUID:
        """The id of a task that was accepted."""
        answer = self.post("/tasks", {"type": "echo", **fields})
        assert answer.status_code == 202, answer.content
        return UUID(answer.json()["id"])


def dumps(body: Any) -> bytes:
    return json.dumps(body).encode()


def key_for(tenant: Tenant, role: str = "client", name: str = "", **options: Any) -> str:
    """A new key of a tenant."""
    with operator_scope("operator:test"):
        return create_key(tenant, name or f"{tenant.slug}-{role}", role, **options)[1]


def code_of(answer: HttpResponse) -> str:
    """The code of a problem document."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    document = answer.json()
    assert document["status"] == answer.status_code
    assert {"type", "title", "status", "code", "detail"} <= document.keys()
    return document["code"]


def fields_of(answer: HttpResponse) -> dict[str, str]:
    """Field → code, of a refusal that names fields."""
    assert answer.status_code == 400, answer.content
    return {error["field"]: error["code"] for error in answer.json()["errors"]}
