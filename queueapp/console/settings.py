"""A tenant's home: its keys, its limits and how much of them is used, its members."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse

from queueapp import clock, conf
from queueapp.console.access import Access
from queueapp.console.pages import page, show
from queueapp.limits.requirement_sets import opened_sets
from queueapp.limits.tenant_limits import TenantLimits, limits_of, numbers_in
from queueapp.models import ApiKey, Membership, Schedule, Tenant
from queueapp.rest.toolkit import quota

MOST_KEYS, MOST_MEMBERS = 200, 500
USES = {
    "tasks_per_minute": "submitted in the last minute",
    "requirement_sets": "combinations wait now",
    "schedules": "schedules now",
}


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit in numbers: what holds, what the platform allows, and what is used of it. None: any, or unknown."""

    name: str
    description: str
    held: int | None
    allowed: int | None
    used: int | None

    @property
    def use(self) -> str:
        """What `used` counts."""
        return USES.get(self.name, "")


@page("settings", name="settings", title="Settings", model="tenant", tenant_only=True)
def settings(request: HttpRequest, access: Access) -> HttpResponse:
    tenant = tenant_of(access)
    context = {
        "tenant": tenant,
        "keys": keys_of(tenant)[:MOST_KEYS],
        "most_keys": MOST_KEYS,
        "now": clock.now(),
        "limits": list(limit_rows(tenant)),
        "patterns": list(_lists_in(limits_of(tenant.slug, tenant.limits))),
        "members": members_of(tenant)[:MOST_MEMBERS] if has_members() else None,
    }
    return show(request, access, "settings.html", context)


def tenant_of(access: Access) -> Tenant:
    """That of the scope. Raises Http404 where it is all of them, which has no such page."""
    if access.tenant_id is None:
        raise Http404("There is no such page.")
    return Tenant.objects.get(pk=access.tenant_id)


def has_members() -> bool:
    """In `single` Django's permissions say who may do what."""
    return conf.settings.isolation == "rls"


def keys_of(tenant: Tenant) -> QuerySet[ApiKey]:
    """Those that are not revoked, then the others, the newest first; without what they are authenticated by."""
    newest = (F("revoked_at").desc(nulls_first=True), "-id")
    return ApiKey.objects.defer("digest").filter(tenant=tenant).order_by(*newest)


def members_of(tenant: Tenant) -> QuerySet[Membership]:
    """Raises Http404 where there are none, in `single`."""
    if not has_members():
        raise Http404("Here Django's permissions say who may do what: a tenant has no members.")
    return Membership.objects.filter(tenant=tenant).select_related("user").order_by("id")


def limit_rows(tenant: Tenant) -> Iterator[LimitRow]:
    """The limits that are numbers, in the order in which they are declared."""
    platform = limits_of(tenant.slug, tenant.limits)
    holds = limits_of(tenant.slug, tenant.limits, tenant.lowered_limits)
    held, used = numbers_in(holds), _uses(tenant, holds)
    for name, allowed in numbers_in(platform).items():
        yield LimitRow(name, _description(platform, name), held[name], allowed, used.get(name))


def _uses(tenant: Tenant, limits: TenantLimits) -> dict[str, int | None]:
    return {
        "tasks_per_minute": quota.accepted_lately(tenant.pk, limits),
        "requirement_sets": opened_sets(tenant.pk),
        "schedules": Schedule.objects.filter(tenant=tenant, declared_by_code=False).count(),
    }


def _lists_in(limits: TenantLimits) -> Iterator[tuple[str, str, list[Any]]]:
    """The limits that are lists: their names, what they mean, what they allow."""
    for name, value in limits:
        if isinstance(value, list):
            yield name, _description(limits, name), value


def _description(limits: TenantLimits, name: str) -> str:
    return type(limits).model_fields[name].description or ""
