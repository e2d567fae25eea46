"""What PostgreSQL can keep: neither its text nor its jsonb holds NUL or lone surrogates. And how it is read again."""

import json
import math
from typing import Any

MAX_JSON_DEPTH = 32
MAX_JSON_INTEGER = 2**63 - 1
# shows the digits of a text alone: to look for a run of them with a regular expression takes twenty times as long
DIGITS = bytes(ord("0") if chr(code).isdigit() else ord(" ") for code in range(128)) + b" " * 128
LONG_NUMBER = b"0" * 19
MOST_DIGITS_OF_A_FLOAT = 17  # before zeros
MOST_DIGITS = 4_000  # Python reads 4,300
# named, since `list | tuple` would be made at every value of a large document
LISTS, NUMBERS = (list, tuple), (bool, int, float)


def read_jsonb(text: str) -> Any:
    """The value of a jsonb. PostgreSQL writes 1e67 as 68 digits, which would go out as an integer that nobody takes.

    What is nested too deeply to be read is its text, and so is a number that is too long: only SQL can have written it.
    """
    has_long_number = LONG_NUMBER in text.encode().translate(DIGITS)
    try:
        return json.loads(text, parse_int=_as_it_came) if has_long_number else json.loads(text)
    except RecursionError:
        return text


def _as_it_came(digits: str) -> int | float | str:
    if len(digits) > MOST_DIGITS:
        return digits
    number = int(digits)
    if abs(number) <= MAX_JSON_INTEGER or len(digits.lstrip("-").rstrip("0")) > MOST_DIGITS_OF_A_FLOAT:
        return number
    return float(digits) if math.isfinite(float(digits)) else number


def storable_text(text: str) -> str:
    """The text with what cannot be kept written in another way."""
    return text.replace("\x00", "\\0").encode("utf-8", "replace").decode()


def as_text(value: object) -> str:
    """What a value says of itself, be it a text, a translation or an exception; its class where it says nothing."""
    try:
        text = str(value)
    except Exception:
        text = ""
    return text or (value if isinstance(value, str) else type(value).__name__)


def kept_json(value: Any, depth: int = 1) -> Any:
    """The value as jsonb can hold it, with what cannot be kept written as text: for records, which refuse nothing."""
    if isinstance(value, dict) and depth < MAX_JSON_DEPTH:
        return {storable_text(str(key)): kept_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple) and depth < MAX_JSON_DEPTH:
        return [kept_json(item, depth + 1) for item in value]
    try:
        return storable_json(value, depth)
    except ValueError:
        return storable_text(as_text(value))


def storable_json(value: Any, depth: int = 1) -> Any:
    """A value that PostgreSQL can keep as jsonb, at most 32 levels deep. Raises ValueError saying why not."""
    if depth > MAX_JSON_DEPTH:
        raise ValueError(f"is nested deeper than {MAX_JSON_DEPTH} levels")
    if isinstance(value, str):
        return check_text(value)
    if isinstance(value, dict):
        return {_key(key): storable_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, LISTS):
        return [storable_json(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("holds a number that is not finite")
    if isinstance(value, int) and abs(value) > MAX_JSON_INTEGER:
        raise ValueError("holds an integer of more than 64 bits")
    if value is None or isinstance(value, NUMBERS):
        return value
    raise ValueError(f"holds a {type(value).__name__}, which JSON cannot carry")


def check_text(value: str) -> str:
    """The text itself. Raises ValueError saying why it cannot be kept."""
    if "\x00" in value:
        raise ValueError("holds a NUL character")
    if not value.isascii() and any(0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise ValueError("holds a lone surrogate")
    return value


def _key(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"has a key that is not a string: {value!r}")
    return check_text(value)
