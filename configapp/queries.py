"""Queries for screens, commands and the API: straight from the database, secrets masked. Needs operator_scope()."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from configapp.catalogue import CATALOGUE
from configapp.encryption import decrypt
from configapp.errors import SecretUnreadable, UnknownKey
from configapp.keyspec import KeySpec, Value
from configapp.models import ConfigChange, ConfigEpoch, ConfigKey, ConfigVersion, SystemConfig
from configapp.reader import Snapshot
from configapp.settings import settings
from configapp.validation import is_key
from configapp.values import decode, mask
from queueapp.tenancy import system_scope


def find_specs(keys: Collection[str]) -> dict[str, KeySpec]:
    """The specs of those keys that are known. Needs an operator's scope where one is not in the catalogue."""
    found = {key: CATALOGUE[key] for key in keys if key in CATALOGUE}
    # PostgreSQL cannot compare with every text, so only valid names are sent to it
    if others := [key for key in keys if key not in found and is_key(key)]:
        found |= {row.config_key: row.as_spec() for row in ConfigKey.objects.filter(config_key__in=others)}
    return found


def all_specs() -> dict[str, KeySpec]:
    """The specs of all keys. Needs an operator's scope."""
    return {row.config_key: row.as_spec() for row in ConfigKey.objects.all()} | dict(CATALOGUE)


class Source(StrEnum):
    """Where the value that holds comes from, the strongest first."""

    ENVIRONMENT = "environment"
    DATABASE = "database"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """A key and its present value. `shown` is the value, or the mask of a secret one; `version` 0: never set."""

    spec: KeySpec
    shown: Value | None
    source: Source
    version: int
    updated_at: datetime | None


def all_settings() -> list[Setting]:
    """Every known key, by name."""
    rows = SystemConfig.objects.in_bulk()
    return [_setting(spec, rows.get(key)) for key, spec in sorted(all_specs().items())]


def find_setting(key: str) -> Setting:
    """Raises UnknownKey."""
    spec = find_specs([key]).get(key)
    if spec is None:
        raise UnknownKey(key)
    return _setting(spec, SystemConfig.objects.filter(config_key=key).first())


def version_of(key: str) -> int:
    """0 for a key that was never set, or that there is not."""
    versions = SystemConfig.objects.filter(config_key=key).values_list("version", flat=True)
    return (versions.first() or 0) if is_key(key) else 0


def history(key: str) -> QuerySet[ConfigVersion]:
    """The versions of a key, the newest first. Raises UnknownKey."""
    if key not in find_specs([key]):
        raise UnknownKey(key)
    return ConfigVersion.objects.filter(config_key=key).order_by("-version")


def pending(key: str) -> QuerySet[ConfigChange]:
    """The changes of a key that are accepted and not applied yet, the oldest first."""
    return ConfigChange.objects.filter(config_key=key, status=ConfigChange.Status.ACCEPTED).order_by("submission")


def _setting(spec: KeySpec, row: SystemConfig | None) -> Setting:
    version, updated_at = (row.version, row.updated_at) if row else (0, None)
    if spec.key in settings.overrides:
        value = settings.overrides[spec.key]
        return Setting(spec, mask(value) if spec.secret else value, Source.ENVIRONMENT, version, updated_at)
    if row and row.is_active:
        return Setting(spec, decode(row.config_value), Source.DATABASE, version, updated_at)
    return Setting(spec, spec.default, Source.DEFAULT, version, updated_at)


def load_snapshot(known: int | None) -> Snapshot | None:
    """The values of all keys now; None if the database is still at the revision that is known."""
    with system_scope("configuration"):
        # before the rows: what is committed meanwhile is then read again at the next poll
        revision = ConfigEpoch.objects.values_list("number", flat=True).first() or 0
        if revision == known:
            return None
        defaults = {key: spec.default for key, spec in all_specs().items()}
        rows = SystemConfig.objects.filter(is_active=True).select_related("secret")
        stored = {row.config_key: _value(row) for row in rows if row.config_key in defaults}
    return Snapshot(revision, defaults | stored | settings.overrides)


def _value(row: SystemConfig) -> Value | SecretUnreadable | None:
    if row.secret is None:
        return decode(row.config_value)
    try:
        return decrypt(row.secret.token, key=row.config_key)
    except SecretUnreadable as error:
        return error
