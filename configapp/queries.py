"""Reading for screens, commands and the API: straight from the database, secrets masked. Needs operator_scope()."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db.models import QuerySet

from configapp.errors import UnknownKey
from configapp.keys import all_specs, find_specs
from configapp.keyspec import KeySpec, Value
from configapp.models import ConfigChange, ConfigVersion, SystemConfig
from configapp.values import decode, mask


class Source(StrEnum):
    """Where the value that holds comes from, the strongest first."""

    ENVIRONMENT = "environment"
    DATABASE = "database"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """A key and what holds for it. `shown` is the value, or the mask of a secret one; `version` 0: never set."""

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
    if spec.key in settings.CONFIG_OVERRIDES:
        value = settings.CONFIG_OVERRIDES[spec.key]
        return Setting(spec, mask(value) if spec.secret else value, Source.ENVIRONMENT, version, updated_at)
    if row and row.is_active:
        return Setting(spec, decode(row.config_value), Source.DATABASE, version, updated_at)
    return Setting(spec, spec.default, Source.DEFAULT, version, updated_at)
