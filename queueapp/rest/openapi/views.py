"""Serves the description: as JSON for programs, as a page for people. Neither needs a key."""

import json
import shlex
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from rest_framework.request import Request

from queueapp.rest.openapi.generator import openapi
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.mount import api_root
from queueapp.rest.toolkit.views import JsonView

# nothing inline, nothing from elsewhere, no script at all
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
CACHED = "public, max-age=60"


class PublicView(JsonView):
    """Whatever is sent along, these can only be read."""

    http_method_names = ["get", "head"]  # noqa: RUF012 (declared so by Django)


@resource("schema", tag="About")
class Schema(PublicView):
    """OpenAPI 3.1."""

    @endpoint(
        "This description",
        right=None,
        responses={200: ResponseSpec("OpenAPI 3.1.", media_type="application/json")},
        details="Needs no key.",
    )
    def get(self, request: Request) -> HttpResponse:
        return JsonResponse(openapi(api_root(request)), headers={"Cache-Control": CACHED})


@resource("docs", tag="About")
class Docs(PublicView):
    """The same to read, with a curl line for each operation."""

    @endpoint(
        "The same as a page to read",
        right=None,
        responses={200: ResponseSpec("HTML.", media_type="text/html")},
        details="Needs no key.",
    )
    def get(self, request: Request) -> HttpResponse:
        described = openapi(api_root(request))
        context = {
            "title": described["info"]["title"],
            "root": described["servers"][0]["url"],
            "description": _with_code(described["info"]["description"]),
            "tags": [(tag["name"], _entries(described, tag["name"])) for tag in described["tags"]],
            "schemas": [(name, _pretty(each)) for name, each in sorted(described["components"]["schemas"].items())],
        }
        response = render(request._request, "queueapp/api_docs.html", context)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Cache-Control"] = CACHED
        return response


def _entries(described: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    return [
        _entry(described, method, path, operation)
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if tag in operation["tags"]
    ]


def _entry(described: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    address = described["servers"][0]["url"] + path
    responses = {status: _resolved(described, each) for status, each in operation["responses"].items()}
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "description": _with_code(operation["description"]),
        "parameters": [_parameter(_resolved(described, each)) for each in operation["parameters"]],
        "body": _pretty(_resolved(described, body["schema"])) if body else "",
        "curl": _curl(method.upper(), address, body.get("example"), with_key=operation.get("security") != []),
        "responses": [
            (status, _with_code(each["description"]), _body_of(described, each))
            for status, each in sorted(responses.items())
        ],
    }


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    described = parameter.get("description") or parameter["schema"].get("description", "")
    return {"required": False, **parameter, "description": _with_code(described)}


def _resolved(described: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    found: Any = described
    if "$ref" not in part:
        return part
    for step in part["$ref"].split("/")[1:]:
        found = found[step]
    return dict(found)


def _body_of(described: dict[str, Any], response: dict[str, Any]) -> str:
    """Of a success; every error has the same body."""
    content = response.get("content", {}).get("application/json")
    return _pretty(_resolved(described, content["schema"])) if content else ""


def _with_code(text: str) -> SafeString:
    """What stands between backticks is code."""
    return format_html_join(
        "", "<{0}>{1}</{0}>", (("code" if place % 2 else "span", part) for place, part in enumerate(text.split("`")))
    )


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _curl(method: str, address: str, example: Any, *, with_key: bool) -> str:
    words = ["curl", *([] if method == "GET" else ["-X", method])]
    line = shlex.join(words)
    if with_key:
        line += ' -H "Authorization: Bearer $TASKRUNNER_API_KEY"'
    if example is not None:
        line += f" -H 'Content-Type: application/json' -d {shlex.quote(json.dumps(example))}"
    return f'{line} "$TASKRUNNER_URL{address}"'
