"""The sources of a search by name, and which of them a search may and can use."""

from collections.abc import Collection

from workloads.search.providers.base import Provider, ProviderError, ProviderResponse
from workloads.search.providers.brave import Brave
from workloads.search.providers.library import Library
from workloads.search.providers.searxng import Searxng

__all__ = ["OWN", "PROVIDERS", "Provider", "ProviderError", "ProviderResponse", "default_sources", "refused_sources"]

OWN = Library.name  # calls nobody outside, so it needs no permission
PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in (Brave(), Searxng(), Library())}


def default_sources(allowed: Collection[str]) -> list[str]:
    """The sources of a search that names none: all that are allowed and configured."""
    return [
        name
        for name, provider in sorted(PROVIDERS.items())
        if (name == OWN or name in allowed) and provider.missing() is None
    ]


def refused_sources(sources: Collection[str], allowed: Collection[str]) -> list[str]:
    """Those that are not allowed, or unknown."""
    return [name for name in sources if name not in PROVIDERS or (name != OWN and name not in allowed)]
