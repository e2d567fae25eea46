"""Checks one value against the spec of its key, and converts it to the key's type."""

import math
import re
import unicodedata
from collections.abc import Callable

from jsonschema_rs import Draft202012Validator, RegexOptions

from configapp.keyspec import KeySpec, Kind, Value
from configapp.validation.injection.check import check_injection
from configapp.validation.keys import Refused
from configapp.validation.urls import check_url
from queueapp.redaction import has_shape_of_secret

MAX_CHARACTERS = 256
SAFE_NUMBER = 2**53 - 1  # the bound of keys without one: JSON readers agree on numbers up to here
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?")
# Besides control characters: what breaks lines, and what makes text read otherwise than it is stored
_CONTROL_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
MAX_PATTERN_BYTES = 50_000  # compiled


def check_value(spec: KeySpec, raw: object) -> Value:
    """The value to store: of the key's type, text stripped. Raises Refused, naming the first rule that it breaks."""
    if isinstance(raw, str):
        raw = _check_text(spec, raw)
    value = _CHECKS[spec.kind](spec, raw)
    if isinstance(value, str) and not spec.secret and has_shape_of_secret(value):
        raise Refused("looks_like_a_secret", "looks like a secret, and the value of this key is shown")
    return value


def _check_text(spec: KeySpec, raw: str) -> str:
    """The rules of every string, whatever its key's type. Raises Refused."""
    text = raw.strip()
    if len(text) > MAX_CHARACTERS:
        raise Refused("too_long", f"must have at most {MAX_CHARACTERS} characters")
    if any(unicodedata.category(each) in _CONTROL_CATEGORIES or each in _DIRECTION_MARKS for each in text):
        raise Refused("control_character", "must have no control characters, line breaks or direction marks")
    check_injection(text, free_text=spec.free_text)
    return text


def _string(spec: KeySpec, raw: object) -> Value:
    if not isinstance(raw, str):
        raise Refused("wrong_type", "must be a string")
    if spec.minimum is not None and len(raw) < spec.minimum:
        raise Refused("too_short", f"must have at least {spec.minimum:g} characters")
    if spec.maximum is not None and len(raw) > spec.maximum:
        raise Refused("too_long", f"must have at most {spec.maximum:g} characters")
    if spec.pattern is not None and not matches(spec.pattern, raw):
        raise Refused("pattern_mismatch", f"must match the pattern {spec.pattern}")
    return raw


def _integer(spec: KeySpec, raw: object) -> Value:
    if isinstance(raw, str) and _INTEGER.fullmatch(raw):
        raw = int(raw)
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise Refused("not_an_integer", f"must be a whole number{_range_in_words(spec)}")
    return _within(spec, raw)


def _number(spec: KeySpec, raw: object) -> Value:
    if isinstance(raw, str) and _NUMBER.fullmatch(raw):
        raw = float(raw)
    if not isinstance(raw, int | float) or isinstance(raw, bool) or not _is_finite(raw):
        raise Refused("not_a_number", f"must be a finite number{_range_in_words(spec)}")
    return float(_within(spec, raw)) + 0.0  # -0.0 becomes 0.0


def _is_finite(number: float) -> bool:
    return isinstance(number, int) or math.isfinite(number)  # isfinite() overflows on huge whole numbers


def _boolean(_spec: KeySpec, raw: object) -> Value:
    if isinstance(raw, str) and raw.lower() in ("true", "false"):
        return raw.lower() == "true"
    if not isinstance(raw, bool):
        raise Refused("not_a_boolean", "must be true or false")
    return raw


def _url(_spec: KeySpec, raw: object) -> Value:
    if not isinstance(raw, str):
        raise Refused("wrong_type", "must be a string that holds a URL")
    return check_url(raw)


def _choice(spec: KeySpec, raw: object) -> Value:
    if not isinstance(raw, str) or raw not in spec.choices:
        raise Refused("not_a_choice", f"must be one of {', '.join(spec.choices)}")
    return raw


def _within(spec: KeySpec, number: float) -> float:
    low, high = _range(spec)
    if not low <= number <= high:
        raise Refused("out_of_range", f"must be{_range_in_words(spec)}")
    return number


def _range(spec: KeySpec) -> tuple[float, float]:
    low = -SAFE_NUMBER if spec.minimum is None else spec.minimum
    return low, SAFE_NUMBER if spec.maximum is None else spec.maximum


def _range_in_words(spec: KeySpec) -> str:
    low, high = _range(spec)
    return f" from {low} to {high}"


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern matches the whole text. Raises ValueError for what pattern_fault() names."""
    return _validator(f"^(?:{pattern})$").is_valid(text)


def pattern_fault(pattern: str) -> str | None:
    """Why a pattern cannot be used, in words; None for a good one."""
    try:
        _validator(pattern)  # by itself too: `a)|(b` would fit between our brackets
        _validator(f"^(?:{pattern})$")
    except ValueError as error:
        return f"is invalid: a regular expression without look-around and back-references is needed: {error}"
    return None


def _validator(pattern: str) -> Draft202012Validator:
    options = RegexOptions(size_limit=MAX_PATTERN_BYTES)  # this engine does not backtrack
    return Draft202012Validator({"pattern": pattern}, offline=True, pattern_options=options)


_CHECKS: dict[Kind, Callable[[KeySpec, object], Value]] = {
    Kind.STRING: _string,
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.URL: _url,
    Kind.CHOICE: _choice,
}
