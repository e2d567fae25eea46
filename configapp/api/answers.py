"""The bodies of the configuration's answers, for the description."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from configapp.keyspec import Kind
from configapp.queries import Source
from queueapp.api.schema.answers import Answered

Shown = str | int | float | bool | None


class Change(Answered):
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


class Changes(Answered):
    """Accepted changes, in the order of the request."""

    changes: list[Change]


class Setting(Answered):
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


class DetailedSetting(Setting):
    """A key with its bounds, which for strings are those of their length."""

    minimum: float | None
    maximum: float | None
    choices: list[str]
    pattern: str | None
    free_text: bool
    pending: list[Change] = Field(description="Accepted and not applied yet, the oldest first.")


class Validity(Answered):
    """The value as it would be stored."""

    valid: Literal[True]
    value: Shown


class Version(Answered):
    """What one change made of a key; an inactive version says that the default holds."""

    version: int
    value: Shown
    is_active: bool
    actor: str
    at: datetime


class Record(Answered):
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


class Export(Answered):
    """What the database holds, by key: values as they are, secrets as masks."""

    values: dict[str, Shown]
    secrets: dict[str, Shown]
