"""Declare: an operator makes a key known that the catalogue does not have, or withdraws it."""

from collections.abc import Iterator
from dataclasses import asdict

from configapp.catalogue import CATALOGUE
from configapp.errors import ChangeRefused, UnknownKey
from configapp.keyspec import KeySpec, Kind
from configapp.models import ConfigKey, ConfigVersion
from configapp.validation import Refused, check_key, check_value
from configapp.validation.values import pattern_fault
from queueapp.errors import FieldError
from queueapp.models.base import Now
from queueapp.operators.service import record, require_operator

MAX_DECLARED_KEYS = 500


def declare_key(spec: KeySpec) -> ConfigKey:
    """Declare a key, or change what was declared of it; what is stored stays.

    Raises ChangeRefused naming the fields that cannot be, ScopeError outside an operator's scope.
    """
    actor = require_operator()
    if faults := list(faults_of(spec)):
        raise ChangeRefused(faults)
    fields = {name: value for name, value in asdict(spec).items() if name != "key"}
    row, _ = ConfigKey.objects.update_or_create(
        config_key=spec.key, defaults={**fields, "choices": list(spec.choices), "actor": actor, "updated_at": Now()}
    )
    record("config.declare", spec.key, kind=spec.kind, secret=spec.secret)
    return row


def withdraw_key(key: str) -> None:
    """Make a declared key unknown again: nothing reads it any more, its history stays. Raises UnknownKey."""
    deleted, _ = ConfigKey.objects.filter(config_key=key).delete()
    if not deleted:
        raise UnknownKey(key)
    record("config.withdraw", key)


def faults_of(spec: KeySpec) -> Iterator[FieldError]:
    """What keeps a key from being declared so, by field. Needs an operator's scope."""
    try:
        check_key(spec.key)
    except Refused as refusal:
        yield FieldError("key", refusal.code, refusal.reason)
        return
    if spec.key in CATALOGUE:
        yield FieldError("key", "taken", "is a key of the catalogue; choose another name")
    if ConfigVersion.objects.filter(config_key=spec.key).exclude(secret=None).exists() and not spec.secret:
        yield FieldError("secret", "secret_before", "has held secrets, and so stays secret")
    if ConfigKey.objects.count() >= MAX_DECLARED_KEYS and not ConfigKey.objects.filter(config_key=spec.key).exists():
        yield FieldError("key", "too_many_keys", f"at most {MAX_DECLARED_KEYS} keys may be declared")
    yield from _faults_of_form(spec)


def _faults_of_form(spec: KeySpec) -> Iterator[FieldError]:
    if bool(spec.choices) != (spec.kind == Kind.CHOICE):
        yield FieldError("choices", "choices_iff_choice", "must be given for a choice, and for nothing else")
    if spec.minimum is not None and spec.maximum is not None and spec.minimum > spec.maximum:
        yield FieldError("minimum", "above_maximum", "must be at most the maximum")
    if spec.pattern is not None and (fault := _fault_of_pattern(spec)):
        yield fault
    elif spec.default is not None and spec.secret:
        yield FieldError("default", "default_of_secret", "a secret has no default")
    elif spec.default is not None:
        try:
            check_value(spec, spec.default)
        except Refused as refusal:
            yield FieldError("default", refusal.code, refusal.reason)


def _fault_of_pattern(spec: KeySpec) -> FieldError | None:
    if spec.kind != Kind.STRING:
        return FieldError("pattern", "pattern_of_string", "may be given for a string only")
    fault = pattern_fault(spec.pattern or "")
    return FieldError("pattern", "bad_pattern", fault) if fault else None
