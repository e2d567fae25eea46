"""The content of a JSON string that holds base64, decoded piece by piece."""

import binascii
import json
import re
from typing import NoReturn

from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.errors import FieldError
from queueapp.rest.toolkit.errors import InvalidRequest

FIELD = "data_base64"
LONGEST_ESCAPE = len(rb"\u002b")
LINE_ENDS = re.compile(rb"[\r\n]+")


class Base64Text:
    """Takes the text between the quotes, escapes included, and gives the bytes to an intake."""

    def __init__(self, intake: UploadBuffer) -> None:
        self._intake = intake
        self._escaped = b""  # the end of the text so far, should an escape go on in the next piece
        self._carry = b""  # base64 comes in groups of four
        self._is_padded = False

    def feed(self, text: bytes) -> None:
        """Raises InvalidRequest for what is no base64, ArtifactTooLarge."""
        text = self._escaped + text
        backslash = text.rfind(b"\\")
        end = backslash if backslash >= 0 and len(text) - backslash < LONGEST_ESCAPE else len(text)
        self._escaped = text[end:]
        self._decode(_unescaped(text[:end]))

    def finish(self) -> None:
        """The string is at its end."""
        self._decode(_unescaped(self._escaped))
        if self._carry:
            _refuse("its length is no multiple of 4")

    def _decode(self, text: bytes) -> None:
        text = self._carry + LINE_ENDS.sub(b"", text)
        whole = len(text) - len(text) % 4
        self._carry = text[whole:]
        if self._is_padded and text:
            _refuse("something follows its padding")
        if whole:
            self._is_padded = text[whole - 1 : whole] == b"="
            try:
                self._intake.write(binascii.a2b_base64(text[:whole], strict_mode=True))
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
        _refuse("it holds an escape that stands for no character of base64")


def _refuse(reason: str) -> NoReturn:
    message = f"is not base64 (RFC 4648, with padding): {reason}"
    raise InvalidRequest(f"{FIELD} {message}.", errors=[FieldError(FIELD, "not_base64", message)])
