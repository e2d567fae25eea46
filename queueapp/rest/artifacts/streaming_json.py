"""A JSON body whose member data_base64 goes to an intake while it arrives; the rest is small, and read strictly."""

import re
from typing import IO, Any

from queueapp.artifacts.upload_buffer import PIECE_BYTES, UploadBuffer
from queueapp.rest.artifacts.base64_text import FIELD, Base64Text
from queueapp.rest.toolkit.errors import TooLarge
from queueapp.rest.toolkit.strict_json import parse_json

OTHER_BYTES = 65_536
# Strings whole, so that nothing inside them counts; one that is not closed yet ends the search for now.
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[{\[]|[}\]]', re.S)
OPENING = re.compile(rb'\s*:\s*"')


def read_json(stream: IO[bytes], intake: UploadBuffer) -> Any:
    """The body's value, with an empty string in the place of the data.

    Raises MalformedJson, InvalidRequest, ArtifactTooLarge, TooLarge.
    """
    head = b""
    while piece := stream.read(PIECE_BYTES):
        head += piece
        if (start := _start_of_data(head)) is not None:
            return parse_json(head[:start] + _take_data(stream, head[start:], intake))
        _check_size(head)
    value = parse_json(head)
    if isinstance(value, dict) and isinstance(text := value.get(FIELD), str):  # its name was spelt with an escape
        data = Base64Text(intake)
        data.feed(text.encode())
        data.finish()
        value[FIELD] = ""
    return value


def _start_of_data(head: bytes) -> int | None:
    """Where the data begin; None where they do not, or not yet."""
    depth = 0
    for token in TOKEN.finditer(head):
        first = head[token.start() : token.start() + 1]
        if first in b"{[":
            depth += 1
        elif first in b"}]":
            depth -= 1
        elif not token[1]:
            return None
        elif depth == 1 and token[0] == b'"%s"' % FIELD.encode() and (opening := OPENING.match(head, token.end())):
            return opening.end()
    return None


def _take_data(stream: IO[bytes], piece: bytes, intake: UploadBuffer) -> bytes:
    """Reads the data from its first piece on, and returns what follows, closing quote included."""
    text = Base64Text(intake)
    while b'"' not in piece:
        text.feed(piece)
        piece = stream.read(PIECE_BYTES)
        if not piece:
            return b""  # cut off: no JSON
    data, quote, tail = piece.partition(b'"')
    text.feed(data)
    text.finish()
    while piece := stream.read(PIECE_BYTES):
        tail += piece
        _check_size(tail)
    return quote + tail


def _check_size(other: bytes) -> None:
    if len(other) > OTHER_BYTES + PIECE_BYTES:
        raise TooLarge(f"Besides {FIELD}, the body may have at most {OTHER_BYTES} bytes.")
