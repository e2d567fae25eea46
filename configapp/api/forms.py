"""What the configuration's addresses take."""

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel, StringConstraints, WithJsonSchema

from queueapp.api.base import Form
from queueapp.api.pages import PageForm
from queueapp.lifecycle.requests import Text

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
