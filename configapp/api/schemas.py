"""What the configuration's endpoints take, and return beside the documents of serializers.py."""

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel, StringConstraints, WithJsonSchema

from configapp.serializers import ChangeDocument, Shown
from queueapp.rest.toolkit.pagination import PageQuery
from queueapp.validation import WHOLE, RequestModel, ResponseModel, Text

KEY = {"pattern": r"^[a-zA-Z0-9_]{2,}(\.[a-zA-Z0-9_]{2,})+$", "minLength": 5, "maxLength": 64}
# Anything passes these: what the rules of keys and values refuse leaves a record, what a model refuses does not
AnyKey = Annotated[Text, StringConstraints(max_length=1000), WithJsonSchema({"type": "string", **KEY})]
AnyValue = Annotated[Any, WithJsonSchema({"type": ["string", "number", "boolean"]})]


class ValueRequest(RequestModel):
    """The new value of the key in the address. Strings are read as the key's type."""

    value: AnyValue


class KeyValueRequest(ValueRequest):
    """A key and its new value."""

    key: AnyKey


class BulkChangeRequest(RootModel[list[KeyValueRequest]]):
    """Several changes, each of another key: all are accepted, or none."""


class RollbackRequest(RequestModel):
    """The version to go back to."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1, strict=True), WHOLE]


class AuditListQuery(PageQuery):
    """Which records."""

    key: Annotated[Text, StringConstraints(min_length=1, max_length=100)] | None = None
    actor: Annotated[Text, StringConstraints(min_length=1, max_length=200)] | None = None
    status: Literal["success", "failure", "refused"] | None = None


class BulkChangeResponse(ResponseModel):
    """Accepted changes, in the order of the request."""

    changes: list[ChangeDocument]


class ValidityResponse(ResponseModel):
    """The value as it would be stored."""

    valid: Literal[True]
    value: Shown


class ExportResponse(ResponseModel):
    """What the database holds, by key: values as they are, secrets as masks."""

    values: dict[str, Shown]
    secrets: dict[str, Shown]
