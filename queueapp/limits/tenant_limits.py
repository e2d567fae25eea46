"""What a tenant may use: the platform's limits, from the environment, unless its own row says otherwise."""

import time
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from queueapp import conf
from queueapp.models import Tenant
from queueapp.models.tenants import SYSTEM_TENANT_SLUG
from queueapp.tenancy import ensure_scope
from queueapp.type_patterns import type_pattern

REMEMBERED_SECONDS = 2.0  # so a change holds within this time, in every process
REMEMBERED_TENANTS = 10_000

Source = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]*$")]
Host = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$")]
TypePattern = Annotated[str, AfterValidator(type_pattern)]


class TenantLimits(BaseModel):
    """Everything that limits a tenant; what its row does not set is the platform's.

    No tasks_per_minute: as many as it likes. A megabyte has 2**20 bytes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    task_max_runtime_seconds: int = Field(
        default_factory=lambda: conf.settings.task_max_runtime_seconds, ge=1, le=86_400
    )
    task_max_artifact_mb: int = Field(default_factory=lambda: conf.settings.task_max_artifact_mb, ge=1, le=1024)
    tasks_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] | None = Field(
        default_factory=lambda: conf.settings.tasks_per_minute
    )
    max_batch_size: int = Field(default_factory=lambda: conf.settings.max_batch_size, ge=1, le=1000)
    search_source_allowlist: list[Source] = Field(default_factory=lambda: settings.SEARCH_SOURCE_ALLOWLIST)
    search_max_results: int = Field(default_factory=lambda: settings.SEARCH_MAX_RESULTS, ge=1, le=20)
    fetch_domain_allowlist: list[Host] = Field(default_factory=lambda: settings.FETCH_DOMAIN_ALLOWLIST)
    allowed_types: list[TypePattern] = ["*"]

    @property
    def task_max_artifact_bytes(self) -> int:
        return self.task_max_artifact_mb * 2**20


_remembered: dict[UUID, tuple[float, TenantLimits]] = {}


def effective_limits(tenant_id: UUID) -> TenantLimits:
    """What holds for a tenant. Asks the database, in a short scope where none is open, at most every two seconds."""
    read_at, known = _remembered.get(tenant_id, (float("-inf"), None))
    if known is not None and time.monotonic() - read_at <= REMEMBERED_SECONDS:
        return known
    with ensure_scope(tenant_id):
        row = Tenant.objects.filter(id=tenant_id).values_list("slug", "limits").first()
    known = limits_of(*(row or ("", {})))
    if len(_remembered) >= REMEMBERED_TENANTS:
        _remembered.clear()
    _remembered[tenant_id] = (time.monotonic(), known)
    return known


def limits_of(slug: str, overrides: dict[str, Any]) -> TenantLimits:
    """What holds for a tenant whose row is at hand. The platform's own tenant submits as it must."""
    unlimited = {"tasks_per_minute": None} if slug == SYSTEM_TENANT_SLUG else {}
    return TenantLimits.model_validate(overrides | unlimited)


def forget() -> None:
    """What this process remembers of tenants."""
    _remembered.clear()
