"""The description of the API says what is served, all of it and nothing else, in valid OpenAPI 3.1."""

import pytest
from django.test import Client
from django.urls import resolve
from jsonschema_rs import Draft202012Validator
from rest_framework.response import Response

from queueapp.handlers import public_handlers
from queueapp.rest.openapi import generator
from queueapp.rest.openapi.generator import openapi
from queueapp.rest.toolkit import endpoints
from queueapp.rest.toolkit.endpoints import RESOURCES, ResponseSpec, endpoint, resource, urlpatterns_of
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.validation import RequestModel, ResponseModel


def described() -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, methods in openapi("/api/v1")["paths"].items() for method in methods}


def declared() -> set[tuple[str, str]]:
    return {(method, each.path) for each in RESOURCES.values() for method in each.endpoints}


def references(part):
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for each in part.values():
            yield from references(each)
    elif isinstance(part, list):
        for each in part:
            yield from references(each)


def test_what_is_declared_is_described_besides_the_addresses_of_types():
    types = {("POST", f"/tasks/{handler.type.replace('.', '/')}") for handler in public_handlers()}
    assert declared() <= described()
    assert described() - declared() <= types


def test_what_is_declared_is_served(settings):
    for each in RESOURCES.values():
        parameters = {name: _example(each, name) for _, name in endpoints.PARAMETER.findall(each.route)}
        assert resolve(f"/api/v1{each.path.format(**parameters)}").func.view_class is each.view, each.route


def _example(each, name):
    described = next(iter(openapi("/api/v1")["paths"][each.path].values()))
    return next(parameter["example"] for parameter in described["parameters"] if parameter.get("name") == name)


def test_every_operation_says_which_right_it_needs():
    for each in RESOURCES.values():
        for method, found in each.endpoints.items():
            operation = openapi("/api/v1")["paths"][each.path][method.lower()]
            assert (operation.get("security") == []) == (found.right is None)
            assert found.right is None or f"`{found.right}`" in operation["description"]


def test_a_new_endpoint_is_declared_in_one_place(monkeypatch, rf):
    """Address, right, checked input and description all come from it."""
    monkeypatch.setattr(endpoints, "RESOURCES", declarations := {})
    monkeypatch.setattr(generator, "RESOURCES", RESOURCES | declarations)

    class GreetingRequest(RequestModel):
        name: str

    class GreetingResponse(ResponseModel):
        greeting: str

    @resource("greetings/<uuid:greeting_id>", tag="Greetings")
    class Greeting(ApiView):
        @endpoint("Greet", right=Right.TASKS_SUBMIT, responses={200: ResponseSpec("A greeting.", GreetingResponse)})
        def post(self, request, greeting_id, body: GreetingRequest) -> Response:
            return Response(GreetingResponse(greeting=f"Hello {body.name}"))

    (pattern,) = urlpatterns_of(__name__)
    assert str(pattern.pattern) == "greetings/<taskrunner_uuid:greeting_id>"
    assert pattern.callback.view_class is Greeting
    generator.RESOURCES.update(declarations)
    operation = generator._description.__wrapped__()["paths"]["/greetings/{greeting_id}"]["post"]
    assert operation["summary"] == "Greet"
    assert "`tasks:submit`" in operation["description"]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("GreetingRequest")
    assert operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("GreetingResponse")


def test_every_public_type_appears_with_the_schema_of_its_parameters():
    document = openapi("/api/v1")
    for handler in public_handlers():
        schema = document["components"]["schemas"][f"params.{handler.type}"]
        assert schema.get("properties", {}).keys() == handler.params.model_json_schema().get("properties", {}).keys()
        if handler.type.count(".") == 1:
            path = document["paths"]["/tasks/" + handler.type.replace(".", "/")]
            body = path["post"]["requestBody"]["content"]["application/json"]["schema"]
            assert body["properties"].keys() == {*schema.get("properties", {}), "options"}


def test_every_reference_leads_somewhere():
    document = openapi("/api/v1")
    for reference in set(references(document)):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_every_schema_is_json_schema():
    document = openapi("/api/v1")
    for name, schema in document["components"]["schemas"].items():
        assert Draft202012Validator({**schema, "components": document["components"]}, offline=True), name


def test_the_examples_are_what_the_schemas_ask_for():
    document = openapi("/api/v1")
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
    for path, operations in openapi("/api/v1")["paths"].items():
        for method, operation in operations.items():
            if operation.get("security") != []:
                assert {"400", "401", "403", "429", "500", "503"} <= operation["responses"].keys(), (method, path)
            if "requestBody" in operation:
                assert {"411", "413", "415"} <= operation["responses"].keys(), (method, path)
            if "{" in path:
                assert "404" in operation["responses"], (method, path)


def test_an_address_is_declared_once():
    with pytest.raises(ValueError, match="declared twice"):
        resource("tasks", tag="x")(ApiView)


def test_the_document_is_served_without_a_key(db):
    response = Client().get("/api/v1/schema")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert response.json() == openapi("/api/v1")
    assert response.json()["openapi"] == "3.1.0"
