"""What is sent: each body to every address that takes one, each string in every field, parameter and header."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from queueapp.rest.openapi.generator import openapi
from tests.inputs.bodies import BODIES, VALUES
from tests.inputs.strings import IN_ADDRESSES, IN_HEADERS, LONG, STRINGS

API = "/api/v1"
IN_BODIES = ("task_id", "lease_token")
# of one type of the tests after another, all the same to the API
OF_OTHER_TYPES = re.compile(r"^/tasks/(sample|hell|IdeaInspiration)/(?!noop$)")
HEADERS = ("If-Match", "If-None-Match", "Idempotency-Key", "Prefer", "Range", "Content-Type", "Content-Encoding")
OTHER_HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Origin",
    "If-Range",
    "X-Forwarded-For",
    "Expect",
    "Authorization",
)
WAITS = re.compile(r"wait\s*=\s*\"?0*[1-9]")


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """One request; `place` is what of it was put in place of something usual."""

    operation: str
    place: str
    method: str
    target: str
    body: bytes | None = None
    headers: dict[str, bytes] = field(default_factory=dict)

    @property
    def breaks_lines(self) -> bool:
        """Whether a header ends sooner than it should, so that the rest may be taken for another request."""
        return any(end in value for value in self.headers.values() for end in (b"\r", b"\n"))


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the description, with values that it takes."""

    method: str
    path: str
    parameters: list[dict[str, Any]]
    body: Any  # one that it takes, an object or a list; None where it takes none
    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def named(self, place: str) -> list[str]:
        return [each["name"] for each in self.parameters if each["in"] == place]

    def send(self, place: str, *, path: dict[str, str], query: str = "", **given: Any) -> Sent:
        filled = re.sub(r"\{(\w+)\}", lambda found: path.get(found[1], "x"), self.path)
        body = given.pop("body", None if self.body is None else dumps(self.body))
        return Sent(self.name, place, self.method, f"{API}{filled}{query}", body, given.pop("headers", {}))


def dumps(value: Any) -> bytes:
    """As JSON in UTF-8, with escapes only for what UTF-8 cannot write."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def operations() -> list[Operation]:
    """All that are described."""
    document = openapi(API)
    return [
        _operation(document, method.upper(), path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if not OF_OTHER_TYPES.match(path)
    ]


def inputs(operation: Operation, known: dict[str, str]) -> Iterator[Sent]:
    """Everything for one operation; `known` are things that exist, for its path and its body."""
    if operation.body is not None:
        usual = {name: known[name] for name in IN_BODIES if name in operation.fields and name in known}
        operation = replace(operation, body=_with(operation.body, usual))
    if operation.body is not None:
        yield from (operation.send("body", path=known, body=body) for body in BODIES)
        yield from _in_fields(operation, known)
    yield from _in_addresses(operation, known)
    yield from _in_headers(operation, known)


def _in_fields(operation: Operation, known: dict[str, str]) -> Iterator[Sent]:
    for name in (*operation.fields, "no_such_field"):
        for value in (*STRINGS, *LONG, *VALUES, [STRINGS[-1]] * 3, {"a": "\x00"}):
            if name == "wait_seconds" and not isinstance(value, str):
                continue  # it would be waited for
            body = _with(operation.body, _nested(operation.body, name, value))
            yield operation.send(f"field {name}", path=known, body=dumps(body))
    for text in STRINGS:
        yield operation.send("name of a field", path=known, body=dumps(_with(operation.body, {text: 1})))


def _in_addresses(operation: Operation, known: dict[str, str]) -> Iterator[Sent]:
    written = [*(quote(text, safe="", errors="surrogatepass") for text in STRINGS), *IN_ADDRESSES]
    for name in operation.named("path"):
        yield from (operation.send(f"path {name}", path={**known, name: text}) for text in written if text)
    for name in operation.named("query"):
        for text in written:
            yield operation.send(f"query {name}", path=known, query=f"?{name}={text}")
        yield operation.send(f"query {name}", path=known, query=f"?{name}=a&{name}=b")
    for text in written:
        yield operation.send("name of a parameter", path=known, query=f"?{text}=1")


def _in_headers(operation: Operation, known: dict[str, str]) -> Iterator[Sent]:
    forms = [*IN_HEADERS, *STRINGS[:: 3 if operation.body is None else 2]]
    names = {*operation.named("header"), *HEADERS}
    for name in sorted(names):
        for text in forms:
            if not WAITS.search(text):
                yield _with_header(operation, known, name, text)
    for name in OTHER_HEADERS:
        yield from (_with_header(operation, known, name, text) for text in forms[::10])


def _with_header(operation: Operation, known: dict[str, str], name: str, text: str) -> Sent:
    value = text.encode("utf-8", "surrogatepass")
    return operation.send(f"header {name}", path=known, headers={name: value})


def _with(body: Any, members: dict[str, Any]) -> Any:
    """The body with other members; where it is a list, in its first item."""
    if isinstance(body, list):
        return [{**body[0], **members}, *body[1:]]
    return {**body, **members}


def _nested(body: Any, name: str, value: Any) -> dict[str, Any]:
    """The member that puts the value at the dotted name."""
    head, _, rest = name.partition(".")
    if not rest:
        return {head: value}
    inner = body.get(head) if isinstance(body, dict) else None
    return {head: _with(inner if isinstance(inner, dict) else {}, {rest: value})}


def _operation(document: dict[str, Any], method: str, path: str, described: dict[str, Any]) -> Operation:
    parameters = [_resolved(document, each) for each in described.get("parameters", [])]
    content = described.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return Operation(method, path, parameters, None, ())
    fields = tuple(_fields(document, content["schema"]))
    return Operation(method, path, parameters, content.get("example", {}), fields)


def _fields(document: dict[str, Any], schema: dict[str, Any], depth: int = 2) -> Iterator[str]:
    """The names of a schema's members, and the dotted ones of members inside them."""
    schema = _resolved(document, schema)
    if not schema:
        return
    for each in (*schema.get("anyOf", ()), *schema.get("allOf", ()), *schema.get("oneOf", ())):
        yield from _fields(document, each, depth)
    yield from _fields(document, schema.get("items", {}), depth)
    for name, inner in schema.get("properties", {}).items():
        yield name
        if depth > 1:
            yield from (f"{name}.{deeper}" for deeper in _fields(document, inner, depth - 1))


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part
