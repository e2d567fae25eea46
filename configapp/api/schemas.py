"""What the configuration's endpoints take and answer."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, RootModel, StringConstraints, WithJsonSchema

from configapp.keyspec import Kind
from configapp.queries import Source
from queueapp.rest.openapi.answers import ResponseModel
from queueapp.rest.toolkit.pagination import PageForm
from queueapp.rest.toolkit.views import Form
from queueapp.validation import Text

# Anything goes past these: what the rules of keys and values refuse leaves a record, what a form refuses does not
AnyKey = Annotated[Text, StringConstraints(max_length=1000)]
AnyValue = Annotated[Any, WithJsonSchema({"type": ["string", "number", "boolean"]})]


class ValueForm(Form):
    """The new value of the key in the address. Strings are read as the key's type."""

    value: AnyValue


class ChangeForm(ValueForm):
    """A key and its new value."""

    key: AnyKey


class ChangesForm(RootModel[list[ChangeForm]]):
    """Several changes, each of another key: all are accepted, or none."""


class RollbackForm(Form):
    """The version to go back to."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class AuditForm(PageForm):
    """Which records."""

    key: Annotated[Text, StringConstraints(min_length=1, max_length=100)] | None = None
    actor: Annotated[Text, StringConstraints(min_length=1, max_length=200)] | None = None
    status: Literal["success", "failure", "refused"] | None = None


Shown = str | int | float | bool | None


class Change(ResponseModel):
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


class Changes(ResponseModel):
    """Accepted changes, in the order of the request."""

    changes: list[Change]


class Setting(ResponseModel):
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


class Validity(ResponseModel):
    """The value as it would be stored."""

    valid: Literal[True]
    value: Shown


class Version(ResponseModel):
    """What one change made of a key; an inactive version says that the default holds."""

    version: int
    value: Shown
    is_active: bool
    actor: str
    at: datetime


class Record(ResponseModel):
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


class Export(ResponseModel):
    """What the database holds, by key: values as they are, secrets as masks."""

    values: dict[str, Shown]
    secrets: dict[str, Shown]
