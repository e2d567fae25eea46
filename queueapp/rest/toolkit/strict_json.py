"""JSON in and out. Strict in: what PostgreSQL cannot keep, or two parsers would read differently, is refused."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from pydantic_core import to_json
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from queueapp.errors import FieldError
from queueapp.json_values import MAX_JSON_DEPTH, MAX_JSON_INTEGER
from queueapp.rest.toolkit.errors import MalformedJson, TooLarge, UnsupportedBody

# Strings whole, so that brackets inside them do not count. The closing quote is optional, or an unterminated
# string full of escaped quotes would be read again from each of them.
BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.S)
NAMED_CHARACTERS = 100  # of a key, in an error
SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class StrictJsonParser(BaseParser):
    """Any JSON value, as parse_json reads it."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return parse_json(read_body(stream, parser_context or {}))


class JsonRenderer(BaseRenderer):
    """By Pydantic, which writes uuids and times ten times as fast as DRF's own encoder."""

    media_type = "application/json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return b"" if data is None else to_json(data)


class AlwaysJson(BaseContentNegotiation):
    """The Accept header decides nothing, so no value of it can do harm; of Content-Type, the parameters do not."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        sent = request.content_type.split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


def read_body(stream: IO[bytes], context: Mapping[str, Any]) -> bytes:
    """The body, if it is not larger than allowed. Raises TooLarge, UnsupportedBody."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    request = context.get("request")
    if request is not None and request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise UnsupportedBody("Send the body as it is: compressed ones are not read.")
    body = stream.read(limit + 1)
    if len(body) > limit:
        # read on for a while: a client that is cut off while sending would not see the answer
        stream.read(limit)
        raise TooLarge(f"A JSON body may have at most {limit} bytes.")
    return body


def parse_json(body: bytes) -> Any:
    """Raises MalformedJson."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        _refuse("not_utf8", f"is not UTF-8 at byte {error.start}")
    _check_depth(text)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        _refuse("not_json", f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    if SUSPECT.search(text):
        _check_text(value)
    return value


def _check_depth(text: str) -> None:
    """Before parsing: the parser recurses."""
    if text.count("[") + text.count("{") <= MAX_JSON_DEPTH:
        return
    depth = 0
    for token in BRACKETS.finditer(text):
        first = token[0][0]
        if first in "[{":
            depth += 1
            if depth > MAX_JSON_DEPTH:
                _refuse("too_deep", f"is nested deeper than {MAX_JSON_DEPTH} levels")
        elif first != '"':
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        _refuse("duplicate_key", f"has the key {twice[:NAMED_CHARACTERS]!a} twice in one object")
    return members


def _integer(digits: str) -> int:
    # counted first: Python takes long to read an endless number
    if len(digits) > 20 or abs(int(digits)) > MAX_JSON_INTEGER:
        _refuse("number_too_large", "holds an integer of more than 64 bits")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        _refuse("number_too_large", "holds a number too large for a double")
    return number


def _constant(name: str) -> NoReturn:
    _refuse("not_json", f"holds {name}, which is no JSON")


def _check_text(value: Any) -> None:
    """No string and no key may hold NUL or half a surrogate pair."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check_text(item)
    elif isinstance(value, list):
        for item in value:
            _check_text(item)
    elif isinstance(value, str):
        if "\x00" in value:
            _refuse("nul_character", "holds a NUL character")
        if any(0xD800 <= ord(character) <= 0xDFFF for character in value):
            _refuse("lone_surrogate", "holds a lone surrogate")


def _refuse(code: str, reason: str) -> NoReturn:
    raise MalformedJson(f"The body {reason}.", errors=[FieldError("body", code, reason)])
