"""TASKRUNNER["SEARCH"]: which sources searches may ask, and how often."""

from typing import Annotated

from pydantic import Field, HttpUrl, SecretStr, StringConstraints

from queueapp import conf

SourceName = Annotated[str, StringConstraints(to_lower=True, pattern="(?i)^[a-z0-9][a-z0-9_-]*$")]

MAX_RESULTS = 20  # Brave gives no more


class SearchSettings(conf.Section):
    """The keys of the section. `source_allowlist` and `max_results` hold where a tenant has no limits of its own."""

    source_allowlist: list[SourceName] = Field(["brave"])
    max_results: int = Field(10, ge=1, le=MAX_RESULTS)
    cache_ttl_seconds: int = Field(3600, ge=0, description="0: no answer is kept.")
    calls_per_second: int = Field(1, ge=1, le=1000, description="Of each provider; Brave's smallest plan allows one.")
    brave_api_key: SecretStr = SecretStr("")
    brave_api_url: HttpUrl = HttpUrl("https://api.search.brave.com/res/v1/web/search")
    searxng_url: HttpUrl | None = None


settings = conf.register_section("SEARCH", SearchSettings)
