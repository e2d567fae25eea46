"""What a tenant may fetch."""

from typing import Annotated

from pydantic import Field, StringConstraints

from queueapp.hooks import TenantLimits, register_limits
from workloads.fetch.settings import settings

HostName = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$")]


@register_limits
class FetchLimits(TenantLimits):
    """The limit of the fetch family."""

    fetch_domain_allowlist: list[HostName] = Field(
        default_factory=lambda: settings.domain_allowlist, description="Exact names of hosts to fetch; `*`: all."
    )
