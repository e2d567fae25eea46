"""Every known key: those of the catalogue, and those that operators declared."""

from collections.abc import Collection

from configapp.catalogue import CATALOGUE
from configapp.keyspec import KeySpec
from configapp.models import ConfigKey
from configapp.validation import is_key


def find_specs(keys: Collection[str]) -> dict[str, KeySpec]:
    """The specs of those keys that are known. Needs an operator's scope where one is not in the catalogue."""
    found = {key: CATALOGUE[key] for key in keys if key in CATALOGUE}
    # what can be no key may be something that PostgreSQL cannot even compare with
    if others := [key for key in keys if key not in found and is_key(key)]:
        found |= {row.config_key: row.as_spec() for row in ConfigKey.objects.filter(config_key__in=others)}
    return found


def all_specs() -> dict[str, KeySpec]:
    """The specs of all keys. Needs an operator's scope."""
    return {row.config_key: row.as_spec() for row in ConfigKey.objects.all()} | CATALOGUE
