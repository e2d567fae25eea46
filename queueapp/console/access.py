"""Who may see and do what in which scope of the console.

Platform staff are judged by Django's permissions, as in the admin, and see every scope. Everybody else is judged by
their memberships, and sees those tenants. A tenant's rows are read as that tenant's client, so row-level security
decides what a page can show, whatever its view asks for.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from queueapp import conf
from queueapp.db import statements
from queueapp.models import Membership, Tenant
from queueapp.models.tenants import MAIN_TENANT, MAIN_TENANT_SLUG
from queueapp.tenancy import Scope, administrator_scope, operator_scope, tenant_scope

ALL = "all"
VIEWER, OPERATOR, ADMINISTRATOR = Membership.Role.VIEWER, Membership.Role.OPERATOR, Membership.Role.ADMINISTRATOR
RANKS = {VIEWER: 0, OPERATOR: 1, ADMINISTRATOR: 2}

User = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True)
class Access:
    """What a signed-in user may do in one scope. `tenant_id` is None where the scope is all tenants."""

    user: Any
    scope: str
    tenant_id: UUID | None
    role: Membership.Role | None  # of a member; None for staff
    sees_payloads: bool

    @property
    def is_staff(self) -> bool:
        """Whether it is the platform's own people, who see workers and other tenants."""
        return self.role is None

    @property
    def is_platform(self) -> bool:
        """Whether the scope shows the platform itself: queues' acts, workers, every tenant's tasks."""
        return self.is_staff and (self.scope == ALL or conf.settings.isolation == "single")

    @property
    def actor(self) -> str:
        return f"{'operator' if self.is_staff else 'client'}:{self.user.get_username()}"

    def open(self, *, administers: bool = False) -> AbstractContextManager[Scope]:
        """The database scope that the pages of this scope are read in, or in which its keys and members are changed."""
        if self.is_platform:
            return operator_scope(self.actor)
        if administers and self.tenant_id:
            return administrator_scope(self.tenant_id, actor=self.actor)
        return tenant_scope(self.tenant_id, actor=self.actor)

    def allows(self, permission: str, role: Membership.Role) -> bool:
        """Whether staff have Django's permission, or the member's role is at least this one."""
        if self.role is None:
            return bool(self.user.has_perm(permission))
        return RANKS[self.role] >= RANKS[role]


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """A scope that a user may open."""

    slug: str
    name: str


def access_to(user: User, slug: str) -> Access | None:
    """None where the user has no business there, or there is no such scope: the two look alike."""
    if _is_staff(user):
        return _access_of_staff(user, slug)
    for row in memberships_of(user):
        if row["slug"] == slug:
            return Access(user, slug, row["tenant_id"], Membership.Role(row["role"]), row["sees_payloads"])
    return None


def choices_of(user: User) -> list[ScopeChoice]:
    """The scopes that the user may open, `all` first."""
    if not _is_staff(user):
        return [ScopeChoice(row["slug"], row["name"]) for row in memberships_of(user)]
    if conf.settings.isolation == "single":
        return [ScopeChoice(MAIN_TENANT_SLUG, "Main")]
    with operator_scope(f"operator:{user.get_username()}"):
        tenants = Tenant.objects.order_by("slug").values_list("slug", "name")[:1000]
        return [ScopeChoice(ALL, "All tenants"), *(ScopeChoice(slug, name) for slug, name in tenants)]


def memberships_of(user: User) -> list[statements.Row]:
    """Rows of tenant_id, slug, name, role, sees_payloads, by slug; in `single` nobody is a member."""
    if not user.is_authenticated or not user.is_active or conf.settings.isolation == "single":
        return []
    return statements.rows("memberships_of", {"user_id": user.pk})


def _is_staff(user: Any) -> bool:
    return bool(user.is_active and user.is_staff and user.has_perm("queueapp.view_task"))


def _access_of_staff(user: Any, slug: str) -> Access | None:
    sees_payloads = user.has_perm("queueapp.view_payloads")
    if conf.settings.isolation == "single":
        return Access(user, slug, MAIN_TENANT, None, sees_payloads) if slug == MAIN_TENANT_SLUG else None
    if slug == ALL:
        return Access(user, ALL, None, None, sees_payloads)
    with operator_scope(f"operator:{user.get_username()}"):
        tenant_id = Tenant.objects.filter(slug=slug).values_list("id", flat=True).first()
    return None if tenant_id is None else Access(user, slug, tenant_id, None, sees_payloads)
