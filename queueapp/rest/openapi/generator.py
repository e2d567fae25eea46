"""Builds the OpenAPI document from the described operations, the views' rights and the registered types."""

import re
from functools import cache
from typing import Any

from django.urls import Resolver404, get_resolver, resolve

from queueapp.handlers import registered_handlers
from queueapp.rest.openapi import artifacts, components, platform, runs, tasks, workers
from queueapp.rest.openapi.components import reference
from queueapp.rest.openapi.operations import OPERATIONS, Answer, Operation
from queueapp.rest.openapi.schemas import SchemaBook, options_schema, params_name, params_schemas, typed_body
from queueapp.rest.toolkit.permissions import Right

DESCRIBED_BY = (
    tasks,
    artifacts,
    runs,
    platform,
    workers,
)  # importing them is what describes; others have theirs
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

ROOT = "/api/v1"
TYPED = "/tasks/{family}/{operation}"
PARAMETER = re.compile(r"{(\w+)}")


@cache
def openapi() -> dict[str, Any]:
    """The description. Types and addresses are fixed once Django has started, so it is built once a process."""
    _ = get_resolver().url_patterns  # loads the addresses of every app, and so what they describe
    operations = list(OPERATIONS.values())
    book = SchemaBook(operations)
    paths: dict[str, Any] = {}
    for operation in operations:
        described = _operation(operation, book)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    types: dict[str, Any] = {}
    for handler in registered_handlers():
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
        "servers": [{"url": ROOT}],
        "security": [{"key": []}],
        "tags": [{"name": name} for name in dict.fromkeys([*TAGS, *(operation.tag for operation in operations)])],
        "paths": paths,
        "components": {
            **components.components(),
            "schemas": {**book.schemas, "TaskOptions": options_schema(), **types},
        },
    }


def _operation(operation: Operation, book: SchemaBook) -> dict[str, Any]:
    right = right_of(operation)
    described: dict[str, Any] = {
        "operationId": _identifier(operation),
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": " ".join(filter(None, [operation.details, f"Needs the right `{right}`." if right else ""])),
        "parameters": [
            *(_path_parameter(operation, name) for name in PARAMETER.findall(operation.path)),
            *(book.query(operation.query) if operation.query else []),
            *(reference("parameters", name) for name in operation.headers),
            *([reference("parameters", "tenant")] if right else []),
        ],
        "responses": {
            **{str(status): _answer(answer, book) for status, answer in operation.answers.items()},
            **({str(status): reference("responses", status) for status in _errors(operation)} if right else {}),
        },
    }
    if not right:
        described["security"] = []
    if operation.body or operation.path == TYPED:
        content: dict[str, Any] = {"schema": book.body(operation.body) if operation.body else {"type": "object"}}
        if operation.example is not None:
            content["example"] = operation.example
        described["requestBody"] = {"required": _is_required(operation), "content": {"application/json": content}}
    return described


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


def right_of(operation: Operation) -> Right | None:
    """The right that the view of an operation asks for; None for what needs no key.

    Raises LookupError for an address that is not served.
    """
    address = PARAMETER.sub(lambda found: str(operation.path_parameters[found[1]]["example"]), operation.path)
    try:
        view = resolve(f"{ROOT}{address}").func
    except Resolver404:
        raise LookupError(f"{operation.path} is described, but nothing is served there") from None
    rights: dict[str, Right] = getattr(getattr(view, "view_class", None), "rights", {})
    return rights.get(operation.method)


def _errors(operation: Operation) -> list[int]:
    by_shape = {
        *(components.WITH_BODY if operation.body or operation.path == TYPED else ()),
        *((404,) if "{" in operation.path else ()),
    }
    return sorted({*components.ALWAYS, *by_shape, *operation.errors})


def _is_required(operation: Operation) -> bool:
    """No body at all is read as an empty object."""
    return operation.body is not None and any(each.is_required() for each in operation.body.model_fields.values())


def _answer(answer: Answer, book: SchemaBook) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if answer.body:
        described["content"] = {"application/json": {"schema": book.answer(answer.body)}}
    if answer.headers:
        described["headers"] = {name: reference("headers", name) for name in answer.headers}
    return described


def _path_parameter(operation: Operation, name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, **operation.path_parameters[name]}


def _identifier(operation: Operation) -> str:
    words = re.findall(r"\w+", operation.path)
    return "_".join([operation.method.lower(), *words]).replace("-", "_")
