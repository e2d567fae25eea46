"""One list out of several: reciprocal rank fusion, by which a page found high up by many sources comes first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workloads.safe_http import parse
from workloads.search.results import Result

# The constant of Cormack, Clarke and Büttcher (2009): large enough that the first rank of one source does not outweigh
# the agreement of two.
K = 60


@dataclass(slots=True)
class RankedResult:
    """A page, as its best source describes it, and its rank in each source that found it (1 is the first)."""

    page: Result
    ranks: dict[str, int] = field(default_factory=dict)

    @property
    def score(self) -> float:
        return sum(1 / (K + rank) for rank in self.ranks.values())

    @property
    def best(self) -> tuple[int, str]:
        """Its best rank and the source that gave it."""
        return min((rank, source) for source, rank in self.ranks.items())

    def as_dict(self) -> dict[str, Any]:
        page, (_, source) = self.page.model_dump(mode="json"), self.best
        return {**page, "source": source, "ranks": dict(sorted(self.ranks.items()))}


def merge(lists: Mapping[str, Sequence[Result]], *, limit: int) -> list[RankedResult]:
    """The best results over all sources. They do not depend on the order in which the sources are given."""
    found: dict[str, RankedResult] = {}
    ranked = sorted(
        ((rank, source, page) for source, pages in lists.items() for rank, page in enumerate(pages, start=1)),
        key=lambda each: each[:2],
    )
    for rank, source, page in ranked:
        result = found.setdefault(_identity(page.url), RankedResult(page))
        result.ranks.setdefault(source, rank)  # a source that names a page twice counts once
        result.page = _completed(result.page, page)
    return sorted(found.values(), key=lambda result: (-result.score, result.best))[:limit]


def _identity(url: str) -> str:
    """Equal for addresses of one page; http and https are taken for the same."""
    return parse(url).canonical.partition("://")[2]


def _completed(page: Result, other: Result) -> Result:
    """The result, with what it lacks taken from another of the same page."""
    snippet: str = page.snippet or other.snippet
    published_at: datetime | None = page.published_at or other.published_at
    return page.model_copy(update={"snippet": snippet, "published_at": published_at})
