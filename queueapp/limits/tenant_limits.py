"""What a tenant may use: the platform's limits from the settings, unless the tenant's own row says otherwise. Its own
people may lower the numbers.

A family adds limits of its own, which are then shown, changed and checked wherever limits are:

    @register_limits
    class MailLimits(TenantLimits):
        mails_per_task: int = Field(default_factory=lambda: settings.mails_per_task, ge=1, description="…")

    MailLimits.of(task.tenant).mails_per_task
"""

import time
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, Self, TypeVar, cast
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from queueapp import conf
from queueapp.models import Tenant
from queueapp.models.tenants import SYSTEM_TENANT_SLUG
from queueapp.tenancy import ensure_scope
from queueapp.type_patterns import type_matches, type_pattern

REMEMBERED_SECONDS = 2.0  # so a change holds within this time, in every process
REMEMBERED_TENANTS = 10_000
COUNTED = ("tasks_per_minute", "requirement_sets", "schedules")  # limits that the platform's own tenant has not

TypePattern = Annotated[str, AfterValidator(type_pattern)]


class TenantLimits(BaseModel):
    """The platform's own limits of a tenant, and the base of the families' limits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task_max_runtime_seconds: int = Field(
        default_factory=lambda: conf.settings.task_max_runtime_seconds,
        ge=1,
        le=86_400,
        description="The longest time-out that a task may ask for.",
    )
    task_max_artifact_mb: int = Field(
        default_factory=lambda: conf.settings.task_max_artifact_mb,
        ge=1,
        le=1024,
        description="The largest artifact, in MB of 2**20 bytes.",
    )
    tasks_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default_factory=lambda: conf.settings.tasks_per_minute,
        description="Submissions over REST in any 60 seconds; null: any number.",
    )
    refusals_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        600, description="Requests of one key that may be refused in any 60 seconds, as malformed; null: any number."
    )
    max_batch_size: int = Field(
        default_factory=lambda: conf.settings.max_batch_size,
        ge=1,
        le=1000,
        description="Tasks of one bulk submission.",
    )
    requirement_sets: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        5_000,
        description="Combinations of queue, type and requirements that its tasks may be the first to wait in, until"
        " they have been idle for some minutes; null: any number.",
    )
    schedules: Annotated[int, Field(ge=0, le=100_000)] | None = Field(
        100, description="Schedules that it may have, those declared by code not counted; null: any number."
    )
    allowed_types: list[TypePattern] = Field(["*"], description="Patterns of the types that may be submitted.")

    @classmethod
    def of(cls, tenant_id: UUID) -> Self:
        """As effective_limits, typed as the limits of one family."""
        return cast(Self, effective_limits(tenant_id))

    def allows(self, type: str) -> bool:
        """Whether the tenant may submit tasks of the type."""
        return any(type_matches(type, pattern) for pattern in self.allowed_types)

    @property
    def task_max_artifact_bytes(self) -> int:
        return self.task_max_artifact_mb * 2**20


LimitsT = TypeVar("LimitsT", bound=TenantLimits)

_families: list[type[TenantLimits]] = []


def register_limits(family: type[LimitsT]) -> type[LimitsT]:
    """Add the limits that a subclass of TenantLimits declares. Raises ImproperlyConfigured for a name that is taken."""
    own = family.model_fields.keys() - TenantLimits.model_fields.keys()
    if taken := sorted(own & limits_model().model_fields.keys()):
        raise ImproperlyConfigured(f"Tenant limits are registered twice: {', '.join(taken)}.")
    _families.append(family)
    limits_model.cache_clear()
    return family


@cache
def limits_model() -> type[TenantLimits]:
    """The model of all registered limits."""
    return create_model("TenantLimits", __base__=tuple(reversed(_families))) if _families else TenantLimits


_remembered: dict[UUID, tuple[float, TenantLimits]] = {}


def effective_limits(tenant_id: UUID) -> TenantLimits:
    """What holds for a tenant. Asks the database, in a short scope where none is open, at most every two seconds."""
    read_at, known = _remembered.get(tenant_id, (float("-inf"), None))
    if known is not None and time.monotonic() - read_at <= REMEMBERED_SECONDS:
        return known
    with ensure_scope(tenant_id):
        row = Tenant.objects.filter(id=tenant_id).values_list("slug", "limits", "lowered_limits").first()
    known = limits_of(*(row or ("", {}, {})))
    if len(_remembered) >= REMEMBERED_TENANTS:
        _remembered.clear()
    _remembered[tenant_id] = (time.monotonic(), known)
    return known


def limits_of(slug: str, overrides: dict[str, Any], lowered: Mapping[str, int] = MappingProxyType({})) -> TenantLimits:
    """What holds for a tenant whose row is at hand. The platform's own tenant submits as it must.

    Numbers of `lowered` hold where they are below the platform's. Limits of a family that is no longer installed limit
    nothing.
    """
    model = limits_model()
    own = {name: value for name, value in overrides.items() if name in model.model_fields}
    unlimited = dict.fromkeys(COUNTED) if slug == SYSTEM_TENANT_SLUG else {}
    held = model.model_validate(own | unlimited)
    return held.model_copy(update={name: number for name, number in lowered.items() if _is_below(number, held, name)})


def _is_below(number: int, limits: TenantLimits, name: str) -> bool:
    bound = getattr(limits, name, number)
    return bound is None or number < bound


def numbers_in(limits: TenantLimits) -> dict[str, int | None]:
    """The limits that are a number, which less can be than it is; None where there is no limit."""
    return {name: value for name, value in limits if value is None or type(value) is int}


def own_values(limits: TenantLimits) -> dict[str, Any]:
    """Those limits that were given and not taken from the settings, as a tenant's row keeps them."""
    return limits.model_dump(include=limits.model_fields_set)


def forget() -> None:
    """What this process remembers of tenants."""
    _remembered.clear()
