"""TASKRUNNER["FETCH"]: which hosts may be fetched, and how long pages are kept."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from queueapp import conf

HostName = Annotated[str, StringConstraints(to_lower=True, pattern=r"(?i)^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$")]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(ip_network)]


class FetchSettings(conf.Section):
    """The keys of the section. `domain_allowlist` holds where a tenant has no limit of its own."""

    domain_allowlist: list[HostName] = Field(["*"], description="Hosts that may be fetched: exact names; `*`: all.")
    allowed_networks: list[Network] = Field(
        [], description="Private networks that may be fetched nevertheless, e.g. `10.1.0.0/16`."
    )
    pages_retention_days: int = Field(
        90, ge=0, le=3650, description="Age at which a page is deleted, since its server sent or confirmed it."
    )


settings = conf.register_section("FETCH", FetchSettings)
