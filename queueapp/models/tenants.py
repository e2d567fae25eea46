"""Tenants, and the users that belong to them."""

from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Q

from queueapp.models.base import JsonField, Now, TenantModel, UuidModel

NIL_TENANT = "00000000-0000-0000-0000-000000000000"
# The one tenant of the isolation level `single`. Its id is known without asking, also after a test's flush.
MAIN_TENANT = UUID("00000000-0000-7000-8000-000000000001")
MAIN_TENANT_SLUG = "main"
SYSTEM_TENANT_SLUG = "system"
RESERVED_SLUGS = ("all", "api", "admin", "static")


class Tenant(UuidModel):
    """A client of the platform: the unit of isolation (`client_id` in earlier systems)."""

    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    active = models.BooleanField(default=True)
    limits = JsonField(default=dict, blank=True, help_text="Overrides of the platform's limits.")
    # apart from `limits`, so that what the platform decided cannot be undone by whoever may lower it
    lowered_limits = JsonField(
        default=dict, db_default={}, editable=False, help_text="Lower numbers, which the tenant's own people set."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "taskrunner_tenants"
        ordering = ("slug",)
        constraints = (
            # every login rests at the nil tenant, so a real one of that id would be visible without a scope
            models.CheckConstraint(name="tr_tenant_is_not_nil", condition=~Q(id=NIL_TENANT)),
            models.CheckConstraint(name="tr_tenant_slug_format", condition=Q(slug__regex="^[a-z0-9][a-z0-9-]*$")),
            # an address of the console begins with a tenant's slug
            models.CheckConstraint(name="tr_tenant_slug_not_reserved", condition=~Q(slug__in=RESERVED_SLUGS)),
        )

    def __str__(self) -> str:
        return self.slug


class Membership(TenantModel):
    """A user's role in a tenant: what they may do in its console. Parameters and results are a right of their own.

    Read before a tenant is known, by the function taskrunner_memberships_of (schema/50_tenants.sql).
    """

    class Role(models.TextChoices):
        VIEWER = "viewer"
        OPERATOR = "operator"
        ADMINISTRATOR = "administrator"

    # goes with its user by a constraint of the database: Django's query would be one of the project's, without a scope
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role, default=Role.VIEWER)
    sees_payloads = models.BooleanField(
        default=False, db_default=False, help_text="May see parameters, results and artifacts."
    )

    class Meta:
        db_table = "taskrunner_memberships"
        constraints = (
            models.UniqueConstraint(name="tr_membership_once_per_user", fields=("tenant", "user")),
            models.CheckConstraint(
                name="tr_membership_role_known", condition=Q(role__in=("viewer", "operator", "administrator"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} is {self.role} of {self.tenant_id}"
