"""What all tables share: version 7 uuids as keys, and how a row names its tenant."""

from uuid import UUID

from django.db import models
from django.db.models.expressions import Func
from uuid_utils.compat import uuid7


class UuidV7(Func):
    """The key of rows that raw SQL inserts."""

    function = "taskrunner_uuidv7"
    output_field = models.UUIDField()


class Now(Func):
    """When the transaction began, by the clock that all of the platform asks (queueapp/clock.py)."""

    function = "taskrunner_now"
    output_field = models.DateTimeField()


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
