"""Whether the spec of a key is valid: that of an app's key and that of a custom key."""

from collections.abc import Iterator

from configapp.keyspec import KeySpec, Kind
from configapp.validation.keys import Refused
from configapp.validation.values import check_value, pattern_fault
from queueapp.errors import FieldError


def spec_errors(spec: KeySpec) -> Iterator[FieldError]:
    """What is wrong with the bounds, the pattern and the default of a key, by field."""
    if bool(spec.choices) != (spec.kind == Kind.CHOICE):
        yield FieldError("choices", "choices_iff_choice", "must be given for a choice, and for nothing else")
    if spec.minimum is not None and spec.maximum is not None and spec.minimum > spec.maximum:
        yield FieldError("minimum", "above_maximum", "must be at most the maximum")
    if spec.pattern is not None and (error := _pattern_error(spec)):
        yield error
    elif spec.default is not None:
        yield from _default_errors(spec, spec.default)


def _pattern_error(spec: KeySpec) -> FieldError | None:
    if spec.kind != Kind.STRING:
        return FieldError("pattern", "pattern_of_string", "may be given for a string only")
    fault = pattern_fault(spec.pattern or "")
    return FieldError("pattern", "bad_pattern", fault) if fault else None


def _default_errors(spec: KeySpec, default: object) -> Iterator[FieldError]:
    if spec.secret:
        yield FieldError("default", "default_of_secret", "must not be given for a secret")
        return
    try:
        check_value(spec, default)
    except Refused as refusal:
        yield FieldError("default", refusal.code, refusal.reason)
