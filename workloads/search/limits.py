"""What a tenant may search."""

from typing import Annotated

from pydantic import Field, StringConstraints, computed_field

from queueapp.hooks import TenantLimits, register_limits
from workloads.search.settings import MAX_RESULTS, settings

SourceName = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]*$")]


@register_limits
class SearchLimits(TenantLimits):
    """The limits of the search family."""

    search_source_allowlist: list[SourceName] = Field(
        default_factory=lambda: settings.source_allowlist, description="Sources that searches may ask."
    )
    search_max_results: int = Field(
        default_factory=lambda: settings.max_results, ge=1, le=MAX_RESULTS, description="Results of one search."
    )

    @computed_field(description="How long answers are kept, for all tenants alike.")  # type: ignore[prop-decorator]
    @property
    def search_cache_ttl_seconds(self) -> int:
        return settings.cache_ttl_seconds
