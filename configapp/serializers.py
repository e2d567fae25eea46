"""Settings, versions, changes and audit rows as JSON documents; of secrets only the mask was ever read."""

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import Field

from configapp.keyspec import Kind
from configapp.models import ConfigAudit, ConfigChange, ConfigVersion
from configapp.queries import Setting, Source
from configapp.values import decode
from queueapp.validation import ResponseModel

Shown = str | int | float | bool | None


class ChangeDocument(ResponseModel):
    """An accepted change of a key. Of a secret, `value` is the mask."""

    id: UUID
    key: str
    value: Shown
    action: Literal["set", "unset", "rollback"]
    status: Literal["accepted", "applied", "conflict", "cancelled"]
    version: int | None = Field(description="The version that it made.")
    expected_version: int | None
    task_id: UUID = Field(description="The task that applies it.")
    actor: str
    submitted_at: datetime
    finished_at: datetime | None

    @classmethod
    def of_change(cls, change: ConfigChange) -> Self:
        return cls.of(change, key=change.config_key, value=decode(change.value))


class SettingDocument(ResponseModel):
    """A key and what holds for it. Of a secret, `value` is the mask."""

    key: str
    value: Shown
    source: Source
    version: int = Field(description="0: never set.")
    kind: Kind
    default: Shown
    secret: bool
    description: str
    updated_at: datetime | None

    @classmethod
    def of_setting(cls, setting: Setting, **members: Any) -> Self:
        found = {"source": setting.source, "version": setting.version, "updated_at": setting.updated_at}
        return cls.of(setting.spec, value=setting.shown, **found, **members)


class SettingDetailDocument(SettingDocument):
    """A key with its bounds, which for strings are those of their length."""

    minimum: int | float | None
    maximum: int | float | None
    choices: list[str]
    pattern: str | None
    free_text: bool
    pending: list[ChangeDocument] = Field(description="Accepted and not applied yet, the oldest first.")


class VersionDocument(ResponseModel):
    """What one change made of a key; an inactive version says that the default holds."""

    version: int
    value: Shown
    is_active: bool
    actor: str
    at: datetime

    @classmethod
    def of_version(cls, row: ConfigVersion) -> Self:
        return cls.of(row, value=decode(row.value))


class AuditDocument(ResponseModel):
    """What became of one attempt to change something; `reason` is empty for a success."""

    id: UUID
    at: datetime
    actor: str
    key: str
    action: str
    old_value: Shown
    new_value: Shown
    status: Literal["success", "failure", "refused"]
    reason: str
    detail: str
    version: int | None
    task_id: UUID | None

    @classmethod
    def of_record(cls, record: ConfigAudit) -> Self:
        values = {"old_value": decode(record.old_value), "new_value": decode(record.new_value)}
        return cls.of(record, key=record.config_key, **values)
