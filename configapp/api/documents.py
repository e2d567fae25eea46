"""Settings, changes and records as the API shows them; of secrets only the mask was ever read."""

from collections.abc import Iterable
from typing import Any

from configapp.management.showing import setting_document
from configapp.models import ConfigAudit, ConfigChange
from configapp.queries import Setting
from configapp.values import decode

Document = dict[str, Any]
BOUNDS = ("minimum", "maximum", "choices", "pattern", "free_text")


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
