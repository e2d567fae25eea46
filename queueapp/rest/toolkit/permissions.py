"""Who may do what: rights, the roles that hold them, and the principal that a key stands for."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from queueapp.apikeys import KnownKey
from queueapp.errors import FieldError
from queueapp.limits.tenant_limits import TenantLimits, limits_of
from queueapp.models import ApiKey, Tenant
from queueapp.operators.service import TENANT_SLUG
from queueapp.rest.toolkit.errors import Forbidden, InvalidRequest
from queueapp.tenancy import Scope, bind_tenant, operator_scope, tenant_scope


class Right(StrEnum):
    """What a request needs. A key's scopes, where it has any, narrow its role's rights to those named."""

    TASKS_READ = "tasks:read"
    TASKS_SUBMIT = "tasks:submit"
    TASKS_MANAGE = "tasks:manage"  # cancel, retry, reprioritise
    SCHEDULES_READ = "schedules:read"
    SCHEDULES_MANAGE = "schedules:manage"
    ARTIFACTS_READ = "artifacts:read"
    ARTIFACTS_WRITE = "artifacts:write"
    USAGE_READ = "usage:read"  # limits, and one's own figures
    WORKER_RUN = "worker:run"
    TYPES_DECLARE = "types:declare"
    CONFIG_READ = "config:read"
    CONFIG_WRITE = "config:write"
    PLATFORM_READ = "platform:read"  # queues, workers, clusters, security events
    PLATFORM_OPERATE = "platform:operate"  # pause and resume queues, end workers and clusters


R = Right
CLIENT_RIGHTS = {
    *(R.TASKS_READ, R.TASKS_SUBMIT, R.TASKS_MANAGE),
    *(R.SCHEDULES_READ, R.SCHEDULES_MANAGE),
    *(R.ARTIFACTS_READ, R.ARTIFACTS_WRITE, R.USAGE_READ),
}
ROLE_RIGHTS: dict[str, frozenset[Right]] = {
    ApiKey.Role.CLIENT: frozenset(CLIENT_RIGHTS),
    ApiKey.Role.WORKER: frozenset({R.WORKER_RUN}),
    ApiKey.Role.ADMIN: frozenset(R) - {R.WORKER_RUN},  # running tasks takes a worker's capabilities
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a request acts for. The tenant and its limits are the key's, or those of the tenant that an admin named."""

    key: KnownKey
    tenant_id: UUID
    tenant_slug: str
    limits: TenantLimits
    names_tenant: bool = False

    # what Django and DRF look at
    is_authenticated = True

    @property
    def is_admin(self) -> bool:
        return self.key.role == ApiKey.Role.ADMIN

    @property
    def actor(self) -> str:
        return f"{'operator' if self.is_admin else self.key.role}:{self.key.name}@{self.key.prefix}"

    @property
    def sees_tenant(self) -> UUID | None:
        """The tenant that reads are narrowed to; None for an admin who named none and so reads all."""
        return None if self.is_admin and not self.names_tenant else self.tenant_id

    def may(self, right: Right) -> bool:
        scopes = self.key.scopes
        return right in ROLE_RIGHTS[self.key.role] and (not scopes or right in scopes)

    @contextmanager
    def scope(self) -> Iterator[Scope]:
        """For reading and for moving tasks: an admin's spans all tenants, a client's is its tenant's."""
        if self.is_admin:
            with operator_scope(self.actor) as scope:
                yield scope
        else:
            with self.own_scope() as scope:
                yield scope

    def binding(self) -> AbstractContextManager[None]:
        """For submitting without a transaction around it: whose the scopes are that are opened inside."""
        return bind_tenant(self.tenant_id, actor=self.actor)

    @contextmanager
    def own_scope(self) -> Iterator[Scope]:
        """For submitting: the tenant's own, whoever the principal is.

        In `single`, where no role says so, an admin's key moves tasks as an operator here, who may submit as well; a
        worker's key only reads.
        """
        with tenant_scope(self.tenant_id, actor=self.actor) as scope:
            yield scope


def principal_of(key: KnownKey) -> Principal:
    return Principal(key, key.tenant_id, key.tenant_slug, key.limits)


def acting_for(principal: Principal, slug: Any) -> Principal:
    """The principal acting for the named tenant; as it is where none is named.

    Raises Forbidden for a key that may not name another tenant, InvalidRequest for an unknown tenant.
    """
    if slug is None:
        return principal
    if not principal.is_admin:
        if slug == principal.tenant_slug:
            return principal
        raise Forbidden("Only an admin key may name another tenant.")
    tenant = None
    if isinstance(slug, str) and TENANT_SLUG.fullmatch(slug):
        with operator_scope(principal.actor):
            tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        message = f"there is no tenant {slug!r:.60}"
        raise InvalidRequest(f"tenant: {message}", errors=[FieldError("tenant", "unknown_tenant", message)])
    limits = limits_of(tenant.slug, tenant.limits, tenant.lowered_limits)
    return replace(principal, tenant_id=tenant.id, tenant_slug=tenant.slug, limits=limits, names_tenant=True)
