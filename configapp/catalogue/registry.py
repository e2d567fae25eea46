"""The keys that the code of the installed apps declares."""

from collections.abc import Mapping
from types import MappingProxyType

from django.core.exceptions import ImproperlyConfigured

from configapp.keyspec import KeySpec
from configapp.validation import Refused, check_key, spec_errors

_keys: dict[str, KeySpec] = {}

CATALOGUE: Mapping[str, KeySpec] = MappingProxyType(_keys)


def register_keys(*specs: KeySpec) -> None:
    """Add keys to the catalogue. Raises ImproperlyConfigured for a name that is taken and for an invalid spec."""
    for spec in specs:
        try:
            check_key(spec.key)
        except Refused as refusal:
            raise ImproperlyConfigured(f"Configuration key {spec.key!r} {refusal.reason}.") from None
        if spec.key in _keys:
            raise ImproperlyConfigured(f"Configuration key {spec.key!r} is registered twice.")
        if errors := "; ".join(f"{error.field} {error.message}" for error in spec_errors(spec)):
            raise ImproperlyConfigured(f"Configuration key {spec.key!r}: {errors}.")
        _keys[spec.key] = spec
