"""One list out of several: reciprocal rank fusion, by which a page found high up by many sources comes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workloads.safe_http import parse
from workloads.search.results import Hit

# The constant of Cormack, Clarke and Büttcher (2009): large enough that the first rank of one source does not outweigh
# the agreement of two.
K = 60


@dataclass(slots=True)
class Result:
    """A page, its rank in each source that found it (1 is the first), and the hit of the best of them."""

    hit: Hit
    ranks: dict[str, int] = field(default_factory=dict)

    @property
    def score(self) -> float:
        return sum(1 / (K + rank) for rank in self.ranks.values())

    @property
    def best(self) -> tuple[int, str]:
        """Its best rank and the source that gave it."""
        return min((rank, source) for source, rank in self.ranks.items())

    def as_dict(self) -> dict[str, Any]:
        hit, (_, source) = self.hit.model_dump(mode="json"), self.best
        return {**hit, "source": source, "ranks": dict(sorted(self.ranks.items()))}


def merge(lists: Mapping[str, Sequence[Hit]], *, limit: int) -> list[Result]:
    """The best results over all sources. What comes out does not depend on the order in which the sources are given."""
    found: dict[str, Result] = {}
    ranked = sorted(
        ((rank, source, hit) for source, hits in lists.items() for rank, hit in enumerate(hits, start=1)),
        key=lambda each: each[:2],
    )
    for rank, source, hit in ranked:
        result = found.setdefault(_identity(hit.url), Result(hit))
        result.ranks.setdefault(source, rank)  # a source that names a page twice has no say twice
        result.hit = _completed(result.hit, hit)
    return sorted(found.values(), key=lambda result: (-result.score, result.best))[:limit]


def _identity(url: str) -> str:
    """Equal for addresses of one page; http and https are taken for the same."""
    return parse(url).canonical.partition("://")[2]


def _completed(hit: Hit, other: Hit) -> Hit:
    """The hit, with what it lacks taken from another of the same page."""
    snippet: str = hit.snippet or other.snippet
    published_at: datetime | None = hit.published_at or other.published_at
    return hit.model_copy(update={"snippet": snippet, "published_at": published_at})
