"""The description of the API says what is served, all of it and nothing else, in valid OpenAPI 3.1."""

import re

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema_rs import Draft202012Validator

from queueapp.handlers import registered_handlers
from queueapp.rest.openapi.generator import openapi, right_of
from queueapp.rest.openapi.operations import OPERATIONS, Answer, Describer

ROOT = "api/v1/"
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^()]*\)")


def served() -> set[tuple[str, str]]:
    """Every method of every address below /api/v1, in the words of the description."""
    return {
        (method, f"/{address}")
        for address, view in _addresses(get_resolver().url_patterns, "")
        for method in getattr(getattr(view, "view_class", None), "rights", {"GET": None})
    }


def _addresses(patterns, prefix):
    for each in patterns:
        address = prefix + PARAMETER.sub(lambda found: f"{{{found[1] or found[2]}}}", str(each.pattern)).strip("^$")
        if isinstance(each, URLResolver):
            yield from _addresses(each.url_patterns, address)
        elif isinstance(each, URLPattern) and address.startswith(ROOT):
            yield address.removeprefix(ROOT).removesuffix(r"\Z"), each.callback


def references(part):
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_what_is_served_is_described_and_what_is_described_is_served():
    assert served() == set(OPERATIONS)


def test_every_described_operation_is_in_the_document_with_its_right():
    paths = openapi()["paths"]
    for (method, path), operation in OPERATIONS.items():
        described = paths[path][method.lower()]
        right = right_of(operation)
        assert (described.get("security") == []) == (right is None)
        assert right is None or f"`{right}`" in described["description"]


def test_every_registered_type_appears_with_the_schema_of_its_parameters():
    document = openapi()
    for handler in registered_handlers():
        schema = document["components"]["schemas"][f"params.{handler.type}"]
        assert schema.get("properties", {}).keys() == handler.params.model_json_schema().get("properties", {}).keys()
        if handler.type.count(".") == 1:
            path = document["paths"]["/tasks/" + handler.type.replace(".", "/")]
            body = path["post"]["requestBody"]["content"]["application/json"]["schema"]
            assert body["properties"].keys() == {*schema.get("properties", {}), "options"}


def test_every_reference_leads_somewhere():
    document = openapi()
    for reference in set(references(document)):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_every_schema_is_json_schema():
    document = openapi()
    for name, schema in document["components"]["schemas"].items():
        assert Draft202012Validator({**schema, "components": document["components"]}, offline=True), name


def test_the_examples_are_what_the_schemas_ask_for():
    document = openapi()
    checked = 0
    for operations in document["paths"].values():
        for operation in operations.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if "example" in content:
                schema = {**content["schema"], "components": document["components"]}
                Draft202012Validator(schema, offline=True).validate(content["example"])
                checked += 1
    assert checked > 10


def test_errors_are_described_with_every_operation_that_needs_a_key():
    for path, operations in openapi()["paths"].items():
        for method, operation in operations.items():
            if operation.get("security") != []:
                assert {"400", "401", "403", "429", "500", "503"} <= operation["responses"].keys(), (method, path)
            if "requestBody" in operation:
                assert {"411", "413", "415"} <= operation["responses"].keys(), (method, path)
            if "{" in path:
                assert "404" in operation["responses"], (method, path)


def test_an_operation_is_described_once():
    with pytest.raises(ValueError, match="described twice"):
        Describer("x")("GET", "/tasks", "again", {200: Answer("x")})


def test_an_address_that_is_not_served_is_noticed():
    operation = OPERATIONS["GET", "/tasks"].__class__(
        **{name: None for name in OPERATIONS["GET", "/tasks"].__slots__ if name not in ("path", "method")},
        method="GET",
        path="/nowhere",
    )
    with pytest.raises(LookupError, match="nothing is served there"):
        right_of(operation)


def test_the_document_is_served_without_a_key(db):
    response = Client().get("/api/v1/schema")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response.json() == openapi()
    assert response.json()["openapi"] == "3.1.0"
