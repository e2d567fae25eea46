"""Removes the disguises of injected text, so that the checks see what a database or a browser would.

The result is only looked at, never stored. Every step takes linear time.
"""

import html
import re
import unicodedata
from urllib.parse import unquote_to_bytes

MAX_ROUNDS = 5  # of encodings around each other; honest text is never wrapped that often

# &#x3c; &#60; &lt; with or without the semicolon. Digits are bounded: html.unescape() fails on thousands of them
_ENTITY = re.compile(r"&(?:#x?[0-9a-f]{1,48}|[a-z][a-z0-9]{1,31});?", re.IGNORECASE)
_PERCENT_UNICODE = re.compile(r"%u([0-9a-f]{4})", re.IGNORECASE)  # %u003c, of old servers
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{0{0,8}([0-9a-f]{1,5})\})", re.IGNORECASE)  # JavaScript's
_OVERLONG = re.compile(rb"([\xc0\xc1])([\x80-\xbf])")  # a character of one byte written in two: never in real UTF-8
_SPACES = "\t\r\f\v\ufffd"
_INVISIBLE = ("Cc", "Cf", "Cs")
# not `(?:(?!\*/).)*+`: Python 3.11.2 gets a possessive group with a look-ahead wrong (3.11.7 does not)
_COMMENT = re.compile(r"/\*[^*]*+(?:\*(?!/)[^*]*)*\*/")


def readings(text: str) -> tuple[str, ...] | None:
    """Every way the text may be read; None when it is wrapped in too many encodings.

    As it stands; decoded; a form's plus signs as spaces; and without comments, which joins the halves of a split word.
    """
    plain = _decoded(text)
    if plain is None:
        return None
    forms = (text, plain, plain.replace("+", " "), _COMMENT.sub("", plain))
    return tuple(dict.fromkeys(forms))


def _decoded(text: str) -> str | None:
    for _ in range(MAX_ROUNDS):
        before = text
        text = _decoded_once(text)
        if text == before:
            return text
    return None


def _decoded_once(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)  # wide and styled letters become plain
    text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    text = _PERCENT_UNICODE.sub(_character, text)
    text = _ESCAPE.sub(_character, text)
    octets = _OVERLONG.sub(lambda found: bytes([(found[1][0] & 1) << 6 | found[2][0] & 0x3F]), unquote_to_bytes(text))
    return "".join(map(_visible, octets.decode(errors="replace")))


def _character(found: re.Match[str]) -> str:
    digits = next(filter(None, found.groups()))
    return chr(int(digits, 16))


def _visible(character: str) -> str:
    """Characters that parsers skip vanish, those that separate words become spaces."""
    if character in _SPACES:
        return " "
    return "" if character != "\n" and unicodedata.category(character) in _INVISIBLE else character
