"""Addresses begin where the project includes the API, whatever stands around it."""

import pytest
from django.test import RequestFactory
from django.urls import include, path
from django.urls.resolvers import LocalePrefixPattern, URLResolver
from django.utils import translation

from queueapp.rest.toolkit.mount import is_api
from tests.rest import calling
from tests.rest.calling import Api, code_of, key_for

jobs = ([path("api/", include("queueapp.rest.urls")), path("api/", include("configapp.api.urls"))], "jobs")
urlpatterns = [URLResolver(LocalePrefixPattern(), [path("fish & chips/", include(jobs, namespace="shop"))])]


@pytest.fixture(params=["en", "de"])
def root(request, settings, monkeypatch):
    """Of a host that includes the API in a namespace of its own, below the language."""
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(calling, "API", f"/{request.param}/fish & chips/api")
    with translation.override(request.param):
        yield f"/{request.param}/fish%20&%20chips/api"


def test_addresses_of_what_was_made(root, acme):
    client, admin = Api(key_for(acme)), Api(key_for(acme, "admin"))
    answer = client.post("/tasks", {"type": "echo"})
    assert (answer.status_code, answer["Location"]) == (202, f"{root}/tasks/{answer.json()['id']}")
    change = admin.post("/config", {"key": "app.debug", "value": True})
    assert (change.status_code, change["Location"]) == (202, f"{root}/tasks/{change.json()['task_id']}")
    stored = client.post("/artifacts", {"task_id": answer.json()["id"], "type": "note", "data_base64": "YQ=="})
    assert (stored.status_code, stored["Location"]) == (201, f"{root}/artifacts/{stored.json()['id']}")


def test_the_description(root):
    reader = Api("")
    assert reader.get("/schema").json()["servers"] == [{"url": root}]
    assert f"{root}/tasks".encode() in reader.get("/docs").content.replace(b"&amp;", b"&")


def test_refusals_that_name_an_address(root, acme):
    answer = Api(key_for(acme)).post("/tasks/no/type", {})
    assert (answer.status_code, code_of(answer)) == (404, "unknown_type")


def test_what_is_below_it(root):
    for below, expected in ((f"{root}/none", True), (root, True), (f"{root}s/tasks", False), ("/api/v1/tasks", False)):
        assert is_api(RequestFactory().get(below)) is expected
