"""The parameters of a search task, and what is refused when it is submitted."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from queueapp.errors import FieldError
from queueapp.validation import WHOLE
from workloads.search.limits import SearchLimits
from workloads.search.providers import PROVIDERS, refused_sources
from workloads.search.results import collapsed

# the longest query that Brave takes
MAX_QUERY_CHARACTERS = 400
MAX_QUERY_WORDS = 50
MAX_RECENCY_DAYS = 36_500
MAX_QUERIES = 1_000  # the highest MAX_BATCH_SIZE


def _query(value: str) -> str:
    query = collapsed(value)
    if not query:
        raise PydanticCustomError("number_of_words", "must hold at least one word")
    if (words := len(query.split(" "))) > MAX_QUERY_WORDS:
        raise PydanticCustomError(
            "number_of_words", "must hold at most {most} words, not {words}", {"most": MAX_QUERY_WORDS, "words": words}
        )
    return query


def _folded(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _once_each(values: list[str]) -> list[str]:
    return sorted(set(values))


HAS_A_WORD = Field(json_schema_extra={"pattern": r"\S"})
Query = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_QUERY_CHARACTERS), AfterValidator(_query), HAS_A_WORD
]
Source = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9_-]*$", max_length=64), BeforeValidator(_folded)]


class Options(BaseModel):
    """How to search. No sources: all that are allowed and configured. `force`: no earlier response is used."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sources: Annotated[list[Source], Field(min_length=1, max_length=16), AfterValidator(_once_each)] | None = None
    recency_days: Annotated[int, Field(ge=0, le=MAX_RECENCY_DAYS, strict=True), WHOLE] = Field(
        7, description="0: results of any age."
    )
    force: bool = Field(False, strict=True)


class SearchParams(Options):
    """One query."""

    query: Query


class BatchParams(Options):
    """Several queries, answered in their order."""

    queries: Annotated[list[Query], Field(min_length=1, max_length=MAX_QUERIES)]


def check_sources(params: Options, tenant_id: UUID) -> list[FieldError]:
    """What is wrong with the sources: not allowed to the tenant, or none of them is configured."""
    allowed = SearchLimits.of(tenant_id).search_source_allowlist
    if params.sources is None:
        return []
    if refused := refused_sources(params.sources, allowed):
        allowed_names = ", ".join(name for name in PROVIDERS if not refused_sources([name], allowed))
        return [
            FieldError("sources", "search_source_not_allowed", f"{name!r} is not allowed; allowed are: {allowed_names}")
            for name in refused
        ]
    missing = [PROVIDERS[name].missing() for name in params.sources]
    if all(missing):
        return [FieldError("sources", "search_source_not_configured", "; ".join(filter(None, missing)))]
    return []


def check_batch(params: BatchParams, tenant_id: UUID) -> list[FieldError]:
    """As check_sources, and the number of queries."""
    most = SearchLimits.of(tenant_id).max_batch_size
    if len(params.queries) > most:
        message = f"must hold at most {most} queries, not {len(params.queries)}"
        return [FieldError("queries", "batch_size_exceeded", message)]
    return check_sources(params, tenant_id)
