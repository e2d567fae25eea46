"""Tenants by their slugs. A slug never changes, so a process asks for each at most once a second."""

import time
from uuid import UUID

from queueapp.errors import TenantNotFound
from queueapp.models import Tenant
from queueapp.tenancy.roles import Role
from queueapp.tenancy.scopes import current_scope, ensure_scope, system_scope

STALE_AFTER_SECONDS = 1.0

_known: dict[str, tuple[UUID, float]] = {}


def tenant_id_of(tenant: str | UUID | None) -> UUID | None:
    """The id of a tenant that is named by its slug or its id, which may be text; None stays None, the bound tenant.

    Raises TenantNotFound, also inside another tenant's scope, from where no other tenant can be seen.
    """
    if tenant is None or isinstance(tenant, UUID):
        return tenant
    known = _known.get(tenant)
    if known is None or time.monotonic() - known[1] > STALE_AFTER_SECONDS:
        known = _known[tenant] = (_read(tenant), time.monotonic())
    return known[0]


def forget() -> None:
    """For tests, which make the same tenants again."""
    _known.clear()


def _read(tenant: str) -> UUID:
    scope = current_scope()
    with ensure_scope() if scope is not None and scope.role is Role.CLIENT else system_scope("tenants"):
        named = Tenant.objects.filter(id=tenant) if _is_id(tenant) else Tenant.objects.filter(slug=tenant)
        found = named.values_list("id", flat=True).first()
    if found is None:
        raise TenantNotFound(tenant)
    return found


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
