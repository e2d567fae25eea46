"""Settings, versions, changes and audit rows as JSON documents; of secrets only the mask was ever read."""

from collections.abc import Iterable
from typing import Any

from configapp.models import ConfigAudit, ConfigChange, ConfigVersion
from configapp.queries import Setting
from configapp.values import decode

Document = dict[str, Any]
BOUNDS = ("minimum", "maximum", "choices", "pattern", "free_text")


def setting_document(setting: Setting) -> Document:
    spec = setting.spec
    return {
        "key": spec.key,
        "value": setting.shown,
        "source": setting.source,
        "version": setting.version,
        "kind": spec.kind,
        "default": spec.default,
        "secret": spec.secret,
        "description": spec.description,
        "updated_at": setting.updated_at,
    }


def version_document(row: ConfigVersion) -> Document:
    return {
        "version": row.version,
        "value": decode(row.value),
        "is_active": row.is_active,
        "actor": row.actor,
        "at": row.at,
    }


def change_document(change: ConfigChange) -> Document:
    """An accepted change, and what became of it."""
    names = ("action", "status", "version", "expected_version", "task_id", "actor", "submitted_at", "finished_at")
    return {
        "id": change.id,
        "key": change.config_key,
        "value": decode(change.value),
        **{name: getattr(change, name) for name in names},
    }


def detailed_document(setting: Setting, pending: Iterable[ConfigChange]) -> Document:
    """A key with its bounds, and the changes that are accepted and not applied yet, the oldest first."""
    return {
        **setting_document(setting),
        **{name: getattr(setting.spec, name) for name in BOUNDS},
        "pending": [change_document(change) for change in pending],
    }


def audit_document(record: ConfigAudit) -> Document:
    """What became of one attempt to change something."""
    names = ("id", "at", "actor", "action", "status", "reason", "detail", "version", "task_id")
    return {
        "key": record.config_key,
        "old_value": decode(record.old_value),
        "new_value": decode(record.new_value),
        **{name: getattr(record, name) for name in names},
    }
