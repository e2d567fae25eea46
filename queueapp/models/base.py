"""What all tables share: version 7 uuids as keys, and how a row names its tenant."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.expressions import Func
from django.db.models.fields.json import KeyTransform
from uuid_utils.compat import uuid7

from queueapp.json_values import read_jsonb


class UuidV7(Func):
    """The key of rows that raw SQL inserts."""

    function = "taskrunner_uuidv7"
    output_field = models.UUIDField()


class Now(Func):
    """When the transaction began, by the clock that all of the platform asks (queueapp/clock.py)."""

    function = "taskrunner_now"
    output_field = models.DateTimeField()


class JsonField(models.JSONField):
    """In the database a JSONField like any other; its numbers come back as they were written."""

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.JSONField", arguments, options

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        is_document = isinstance(value, str) and not isinstance(expression, KeyTransform)
        return read_jsonb(value) if is_document else super().from_db_value(value, expression, connection)


class LabelsField(ArrayField):  # type: ignore[type-arg]  # only its stubs have parameters
    """A list of words. The empty one is NULL in its row, where it takes no room."""

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _, arguments, options = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", arguments, options

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return [] if value is None else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(value or None, connection, prepared)


def new_id() -> UUID:
    """A version 7 uuid: sorts by creation time, and is known before the row is written."""
    return uuid7()


class UuidModel(models.Model):
    """A row whose key is made in Python, since bulk_create leaves database defaults unread."""

    id = models.UUIDField(primary_key=True, default=new_id, db_default=UuidV7(), editable=False)

    class Meta:
        abstract = True


class TenantModel(UuidModel):
    """A row of one tenant. Row-level security isolates it (the TenantPolicies of migrations/0001_initial.py).

    A plain foreign key to another tenant table would be checked outside row-level security, so such
    keys are declared `db_constraint=False` and enforced by a composite constraint on (tenant_id, id).
    """

    tenant = models.ForeignKey("queueapp.Tenant", on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        abstract = True
