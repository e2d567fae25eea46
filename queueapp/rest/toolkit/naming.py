"""The tenant that an admin key acts for: its own unless it names another."""

from dataclasses import replace
from typing import Any

from queueapp.errors import FieldError
from queueapp.limits.tenant_limits import limits_of
from queueapp.models import Tenant
from queueapp.operators.service import TENANT_SLUG
from queueapp.rest.toolkit.errors import Forbidden, InvalidRequest
from queueapp.rest.toolkit.permissions import Principal
from queueapp.tenancy import operator_scope


def named_tenant(principal: Principal, slug: Any) -> Principal:
    """The principal acting for the named tenant. Raises Forbidden where its key may not, InvalidRequest without one."""
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
    limits = limits_of(tenant.slug, tenant.limits)
    return replace(principal, tenant_id=tenant.id, tenant_slug=tenant.slug, limits=limits, names_tenant=True)
