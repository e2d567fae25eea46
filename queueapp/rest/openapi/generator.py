"""Builds the OpenAPI document from the declared endpoints and the registered types of task."""

import re
from functools import cache
from typing import Any

from django.urls import get_resolver
from rest_framework.permissions import SAFE_METHODS

from queueapp.handlers import public_handlers
from queueapp.rest.openapi import components
from queueapp.rest.openapi.components import reference
from queueapp.rest.openapi.schemas import (
    BINARY,
    SchemaBook,
    is_model,
    options_schema,
    params_name,
    params_schemas,
    typed_body,
)
from queueapp.rest.toolkit.endpoints import PARAMETER, RESOURCES, Endpoint, Resource, ResponseSpec

TAGS = (
    "Tasks",
    "Artifacts",
    "Runs",
    "Task types",
    "Workers",
    "Usage",
    "Platform",
    "About",
)  # then those of other apps

TYPED = "/tasks/{family}/{operation}"
# of responses without a model
BODIES: dict[str, dict[str, str]] = {
    "application/octet-stream": BINARY,
    "application/json": {"type": "object"},
    "text/html": {"type": "string"},
}


def openapi(root: str) -> dict[str, Any]:
    """The description, with the address that the API is at."""
    return {**_description(), "servers": [{"url": root}]}


@cache
def _description() -> dict[str, Any]:
    """Types and addresses are fixed once Django has started, so it is built once a process."""
    _ = get_resolver().url_patterns  # loads the addresses of every app, and so their endpoints
    resources = sorted(RESOURCES.values(), key=lambda each: each.path)
    book = SchemaBook(declared for each in resources for declared in each.endpoints.values())
    paths: dict[str, Any] = {
        each.path: {method.lower(): _operation(each, method, book) for method in each.endpoints} for each in resources
    }
    types: dict[str, Any] = {}
    for handler in public_handlers():
        types |= params_schemas(handler)
        if handler.type.count(".") == 1:
            schema = typed_body(handler.type, types[params_name(handler.type)])
            address = f"/tasks/{handler.type.replace('.', '/')}"
            paths[address] = {"post": _typed(handler.type, schema, paths[TYPED]["post"])}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Taskrunner",
            "version": "1",
            "description": "Durable background tasks. Errors are problem documents (RFC 9457) with a stable `code`; "
            "lists come in pages; times are RFC 3339 in UTC, durations are seconds.",
        },
        "security": [{"key": []}],
        "tags": [{"name": name} for name in dict.fromkeys([*TAGS, *(each.tag for each in resources)])],
        "paths": paths,
        "components": {
            **components.components(),
            "schemas": {**book.schemas, "TaskOptions": options_schema(), **types},
        },
    }


def _operation(resource: Resource, method: str, book: SchemaBook) -> dict[str, Any]:
    declared = resource.endpoints[method]
    right = declared.right
    described: dict[str, Any] = {
        "operationId": "_".join([method.lower(), *re.findall(r"\w+", resource.path)]).replace("-", "_"),
        "tags": [resource.tag],
        "summary": declared.summary,
        "description": " ".join(filter(None, [declared.details, f"Needs the right `{right}`." if right else ""])),
        "parameters": _parameters(resource, declared, book),
        "responses": {
            **{str(status): _response(spec, book) for status, spec in declared.responses.items()},
            **{str(status): reference("responses", status) for status in _errors(resource, method, declared)},
        },
    }
    if not right:
        described["security"] = []
    if declared.body:
        described["requestBody"] = _request_body(declared, book)
    return described


def _parameters(resource: Resource, declared: Endpoint, book: SchemaBook) -> list[dict[str, Any]]:
    return [
        *(
            components.path_parameter(converter or "str", name, resource.parameters.get(name, {}))
            for converter, name in PARAMETER.findall(resource.route)
        ),
        *(book.query(declared.query) if declared.query else []),
        *(reference("parameters", name) for name in declared.headers),
        *([reference("parameters", "tenant")] if declared.right else []),
    ]


def _request_body(declared: Endpoint, book: SchemaBook) -> dict[str, Any]:
    """Required where a member is: no body at all is read as an empty object."""
    content: dict[str, Any] = {"schema": book.body(declared.body)}
    if declared.example is not None:
        content["example"] = declared.example
    fields = declared.body.model_fields.values() if is_model(declared.body) else ()
    return {"required": any(each.is_required() for each in fields), "content": {"application/json": content}}


def _typed(type: str, schema: dict[str, Any], general: dict[str, Any]) -> dict[str, Any]:
    """A type's own address: as the general one, with its parameters as the body."""
    return {
        **general,
        "operationId": f"post_tasks_{type.replace('.', '_').replace('-', '_')}",
        "summary": f"Submit a task of type {type}",
        "description": "Needs the right `tasks:submit`.",
        "parameters": [each for each in general["parameters"] if each.get("in") != "path"],
        "requestBody": {
            "required": bool(schema.get("required")),
            "content": {"application/json": {"schema": schema}},
        },
    }


def _errors(resource: Resource, method: str, declared: Endpoint) -> list[int]:
    if not declared.right:
        return []
    by_shape = {
        *(components.WITH_BODY if declared.body else ()),
        *(components.UNSAFE if method not in SAFE_METHODS else ()),
        *((404,) if PARAMETER.search(resource.route) else ()),
    }
    return sorted({*components.ALWAYS, *by_shape, *declared.errors})


def _response(spec: ResponseSpec, book: SchemaBook) -> dict[str, Any]:
    described: dict[str, Any] = {"description": spec.description}
    if spec.model:
        described["content"] = {"application/json": {"schema": book.response(spec.model)}}
    elif spec.media_type:
        described["content"] = {spec.media_type: {"schema": BODIES[spec.media_type]}}
        if spec.media_type == "application/octet-stream":  # the first that makers of clients know, and the whole truth
            described["content"]["*/*"] = {"schema": BINARY}
    if spec.headers:
        described["headers"] = {name: reference("headers", name) for name in spec.headers}
    return described
