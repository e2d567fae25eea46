"""A JSON body whose member data_base64 goes to a buffer while it arrives; the rest is small, and read strictly."""

import binascii
import json
import re
from typing import IO, Any, NoReturn

from queueapp.artifacts.upload_buffer import PIECE_BYTES, UploadBuffer
from queueapp.errors import FieldError
from queueapp.rest.toolkit.errors import InvalidRequest, TooLarge
from queueapp.rest.toolkit.strict_json import parse_json

FIELD = "data_base64"
LONGEST_ESCAPE = len(rb"\u002b")
LINE_ENDS = re.compile(rb"[\r\n]+")
OTHER_BYTES = 65_536
# Strings whole, so that nothing inside them counts; one that is not closed yet ends the search for now.
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[{\[]|[}\]]', re.S)
OPENING = re.compile(rb'\s*:\s*"')


class Base64Text:
    """Takes the text between the quotes, escapes included, and gives the bytes to an upload buffer."""

    def __init__(self, buffer: UploadBuffer) -> None:
        self._buffer = buffer
        self._escaped = b""  # the end of the text so far, should an escape go on in the next piece
        self._carry = b""  # base64 comes in groups of four
        self._is_padded = False

    def feed(self, text: bytes) -> None:
        """Raises InvalidRequest for what is not base64, ArtifactTooLarge."""
        text = self._escaped + text
        backslash = text.rfind(b"\\")
        end = backslash if backslash >= 0 and len(text) - backslash < LONGEST_ESCAPE else len(text)
        self._escaped = text[end:]
        self._decode(_unescaped(text[:end]))

    def finish(self) -> None:
        """The string is at its end."""
        self._decode(_unescaped(self._escaped))
        if self._carry:
            _refuse("its length is not a multiple of 4")

    def _decode(self, text: bytes) -> None:
        text = self._carry + LINE_ENDS.sub(b"", text)
        whole = len(text) - len(text) % 4
        self._carry = text[whole:]
        if self._is_padded and text:
            _refuse("something follows its padding")
        if whole:
            self._is_padded = text[whole - 1 : whole] == b"="
            try:
                self._buffer.write(binascii.a2b_base64(text[:whole], strict_mode=True))
            except binascii.Error as error:
                _refuse(str(error))


def _unescaped(text: bytes) -> bytes:
    """Some writers of JSON escape `/` and `+`."""
    if b"\\" not in text:
        return text
    try:
        unescaped: str = json.loads(b'"' + text + b'"')
        return unescaped.encode("ascii")
    except ValueError:
        _refuse("it holds an escape of a character that base64 does not have")


def _refuse(reason: str) -> NoReturn:
    message = f"is not base64 (RFC 4648, with padding): {reason}"
    raise InvalidRequest(f"{FIELD} {message}.", errors=[FieldError(FIELD, "not_base64", message)])


def read_json(stream: IO[bytes], buffer: UploadBuffer) -> Any:
    """The body's value, with an empty string in the place of the data.

    Raises MalformedJson, InvalidRequest, ArtifactTooLarge, TooLarge.
    """
    head = b""
    while piece := stream.read(PIECE_BYTES):
        head += piece
        if (start := _start_of_data(head)) is not None:
            return parse_json(head[:start] + _take_data(stream, head[start:], buffer))
        _check_size(head)
    value = parse_json(head)
    if isinstance(value, dict) and isinstance(text := value.get(FIELD), str):  # its name was spelt with an escape
        data = Base64Text(buffer)
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


def _take_data(stream: IO[bytes], piece: bytes, buffer: UploadBuffer) -> bytes:
    """Reads the data from its first piece on, and returns what follows, closing quote included."""
    text = Base64Text(buffer)
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
