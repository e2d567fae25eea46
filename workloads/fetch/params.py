"""The parameters of a fetch task, and what is refused when it is submitted."""

import hashlib
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from queueapp.errors import FieldError, PermanentFailure
from queueapp.handlers import Reusable
from workloads.fetch.limits import FetchLimits
from workloads.fetch.settings import settings
from workloads.safe_http import Url, parse
from workloads.safe_http.addresses import check_literal


class HostNotAllowed(PermanentFailure):
    code = "fetch_domain_not_allowed"


class FetchParams(Reusable):
    """Which page to fetch, and what to keep of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, StringConstraints(strip_whitespace=True)] = Field(examples=["https://example.com/"])
    reader_mode: bool = Field(True, strict=True, description="Keep the readable part only, not all of the page's text.")
    store_raw_html: bool = Field(False, strict=True, description="Keep the page as it came, too.")


def check_url(params: FetchParams, tenant_id: UUID) -> list[FieldError]:
    """What is wrong with the URL, as far as that can be told before its name is resolved."""
    try:
        url = parse(params.url)
        check_host(url, FetchLimits.of(tenant_id).fetch_domain_allowlist)
        check_literal(url.host, url.port, settings.allowed_networks)
    except PermanentFailure as refusal:
        return [FieldError("url", refusal.code, str(refusal))]
    return []


def check_host(url: Url, allowlist: list[str]) -> None:
    """Raises HostNotAllowed unless the list names the host, or `*`."""
    if "*" not in allowlist and url.host not in allowlist:
        hosts = ", ".join(allowlist) or "no host"
        raise HostNotAllowed(f"the host {url.host} may not be fetched (FETCH_DOMAIN_ALLOWLIST); allowed: {hosts}")


def result_key(params: FetchParams) -> str:
    """The same for everything that makes the same artifacts."""
    wanted = f"{params.reader_mode} {params.store_raw_html} {parse(params.url).canonical}"
    return f"fetch:{hashlib.sha256(wanted.encode()).hexdigest()}"
