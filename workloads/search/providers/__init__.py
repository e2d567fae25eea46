"""Where searches look: each source by its name, and which of them a search may and can use."""

from collections.abc import Collection

from workloads.search.providers.base import Answer, Provider, ProviderError
from workloads.search.providers.brave import Brave
from workloads.search.providers.library import Library
from workloads.search.providers.searxng import Searxng

__all__ = ["OWN", "PROVIDERS", "Answer", "Provider", "ProviderError", "default_sources", "refused_sources"]

OWN = Library.name  # asks nobody outside, so no allow-list concerns it
PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in (Brave(), Searxng(), Library())}


def default_sources(allowed: Collection[str]) -> list[str]:
    """What is asked where a search names no source: all that are allowed and configured."""
    return [
        name
        for name, provider in sorted(PROVIDERS.items())
        if (name == OWN or name in allowed) and provider.missing() is None
    ]


def refused_sources(sources: Collection[str], allowed: Collection[str]) -> list[str]:
    """Those that are not allowed, or that there are not."""
    return [name for name in sources if name not in PROVIDERS or (name != OWN and name not in allowed)]
