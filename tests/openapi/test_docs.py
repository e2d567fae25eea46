"""The pages of the API: complete, and nothing in them that a strict Content-Security-Policy would stop."""

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from queueapp.rest.openapi.generator import openapi
from tests.markup import Page


@pytest.fixture
def response(db):
    return Client().get("/api/v1/docs")


@pytest.fixture
def page(response):
    return Page(response.content.decode())


def test_the_policy_allows_neither_scripts_nor_anything_inline(response):
    policy = response["Content-Security-Policy"]
    assert response.status_code == 200
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert "script-src" not in policy


def test_the_page_has_nothing_that_the_policy_would_stop(page):
    assert not {"script", "iframe", "img", "form", "object"} & set(page.tags)
    assert page.forbidden == []
    assert finders.find("queueapp/api_docs.css")


def test_every_operation_and_schema_is_on_the_page_and_every_link_leads_somewhere(page):
    document = openapi("/api/v1")
    operations = {each["operationId"] for methods in document["paths"].values() for each in methods.values()}
    assert operations <= set(page.ids)
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/schema"])
def test_it_can_only_be_read(db, method, path):
    response = getattr(Client(), method)(path)
    assert (response.status_code, response["Content-Type"]) == (405, "application/problem+json")
