"""The tenant that an admin key acts for: its own unless it names another."""

from dataclasses import replace
from typing import Any

from queueapp.errors import FieldError
from queueapp.limits.tenant_limits import limits_of
from queueapp.models import Tenant
from queueapp.operators.service import TENANT_SLUG
from queueapp.rest.toolkit.errors import Forbidden, InvalidRequest
from queueapp.rest.toolkit.permissions import Caller
from queueapp.tenancy import operator_scope


def named_tenant(caller: Caller, slug: Any) -> Caller:
    """The caller acting for the tenant named. Raises Forbidden for a key that may not, InvalidRequest for no tenant."""
    if slug is None:
        return caller
    if not caller.is_admin:
        if slug == caller.tenant_slug:
            return caller
        raise Forbidden("Only an admin key may name another tenant.")
    tenant = None
    if isinstance(slug, str) and TENANT_SLUG.fullmatch(slug):
        with operator_scope(caller.actor):
            tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        message = f"there is no tenant {slug!r:.60}"
        raise InvalidRequest(f"tenant: {message}", errors=[FieldError("tenant", "unknown_tenant", message)])
    limits = limits_of(tenant.slug, tenant.limits)
    return replace(caller, tenant_id=tenant.id, tenant_slug=tenant.slug, limits=limits, names_tenant=True)
