"""Custom keys: operators add keys to those of the catalogue, change what is declared of them, and delete them."""

from collections.abc import Iterator
from dataclasses import asdict

from configapp.catalogue import CATALOGUE
from configapp.errors import ChangeRefused, UnknownKey
from configapp.keyspec import KeySpec
from configapp.models import ConfigKey, ConfigVersion
from configapp.validation import Refused, check_key, spec_errors
from queueapp.errors import FieldError
from queueapp.models.base import Now
from queueapp.operators.service import record, require_operator

MAX_CUSTOM_KEYS = 500


def save_custom_key(spec: KeySpec) -> ConfigKey:
    """Add a key, or change what is declared of it; stored values stay.

    Raises ChangeRefused naming the fields that are invalid, ScopeError outside an operator's scope.
    """
    actor = require_operator()
    if errors := list(custom_key_errors(spec)):
        raise ChangeRefused(errors)
    fields = {name: value for name, value in asdict(spec).items() if name != "key"}
    row, _ = ConfigKey.objects.update_or_create(
        config_key=spec.key, defaults={**fields, "choices": list(spec.choices), "actor": actor, "updated_at": Now()}
    )
    record("config_key.save", spec.key, kind=spec.kind, secret=spec.secret)
    return row


def delete_custom_key(key: str) -> None:
    """Make a custom key unknown: nothing reads it any more, its history stays. Raises UnknownKey."""
    deleted, _ = ConfigKey.objects.filter(config_key=key).delete()
    if not deleted:
        raise UnknownKey(key)
    record("config_key.delete", key)


def custom_key_errors(spec: KeySpec) -> Iterator[FieldError]:
    """What keeps a custom key from being saved, by field. Needs an operator's scope."""
    try:
        check_key(spec.key)
    except Refused as refusal:
        yield FieldError("key", refusal.code, refusal.reason)
        return
    if spec.key in CATALOGUE:
        yield FieldError("key", "taken", "is a key of the catalogue; choose another name")
    if ConfigVersion.objects.filter(config_key=spec.key).exclude(secret=None).exists() and not spec.secret:
        yield FieldError("secret", "secret_before", "has held secrets, and so stays secret")
    if ConfigKey.objects.count() >= MAX_CUSTOM_KEYS and not ConfigKey.objects.filter(config_key=spec.key).exists():
        yield FieldError("key", "too_many_keys", f"would be one more than {MAX_CUSTOM_KEYS} custom keys")
    yield from spec_errors(spec)
