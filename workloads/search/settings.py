"""TASKRUNNER["SEARCH"]: which sources searches may ask, and how often."""

from typing import Annotated

from pydantic import Field, HttpUrl, SecretStr, StringConstraints

from queueapp import conf

SourceName = Annotated[str, StringConstraints(to_lower=True, pattern="(?i)^[a-z0-9][a-z0-9_-]*$")]

MAX_RESULTS = 20  # Brave gives no more


class SearchSettings(conf.Section):
    """The keys of the section. `source_allowlist` and `max_results` hold where a tenant has no limits of its own."""

    source_allowlist: list[SourceName] = Field(["brave"], description="Where searches may ask: `brave`, `searxng`.")
    max_results: int = Field(10, ge=1, le=MAX_RESULTS, description="Results of one search.")
    cache_ttl_seconds: int = Field(3600, ge=0, description="How long a provider's answer is used again; 0: not at all.")
    calls_per_second: int = Field(
        1, ge=1, le=1000, description="Calls of all workers together to one provider; Brave's smallest plan allows 1."
    )
    brave_api_key: SecretStr = Field(SecretStr(""), description="The key for the Brave Search API; a secret.")
    brave_api_url: HttpUrl = Field(
        HttpUrl("https://api.search.brave.com/res/v1/web/search"), description="The Brave Search API."
    )
    searxng_url: HttpUrl | None = Field(None, description="A SearXNG server, the source `searxng`.")


settings = conf.register_section("SEARCH", SearchSettings)
