"""TASKRUNNER["FETCH"]: which hosts may be fetched, and how long pages are kept."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints

from queueapp import conf

HostName = Annotated[str, StringConstraints(to_lower=True, pattern=r"(?i)^(\*|[a-z0-9]([a-z0-9.-]*[a-z0-9])?)$")]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(ip_network)]


class FetchSettings(conf.Section):
    """The keys of the section. `domain_allowlist` holds where a tenant has no limit of its own."""

    domain_allowlist: list[HostName] = Field(["*"], description="Exact host names; `*`: all.")
    allowed_networks: list[Network] = Field([], description="Not public, and may be called all the same.")
    pages_retention_days: int = Field(90, ge=0, le=3650)


settings = conf.register_section("FETCH", FetchSettings)
