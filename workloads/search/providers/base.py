"""The protocol that every source of results implements, and its response."""

from typing import Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from queueapp import clock
from queueapp.errors import TaskrunnerError
from workloads.search.results import Result, SearchQuery


class ProviderResponse(BaseModel):
    """Results, the best first. `raw` is an outside provider's own response, which is not kept for other searches."""

    model_config = ConfigDict(frozen=True)

    results: list[Result]
    raw: bytes | None = Field(None, exclude=True)
    retrieved_at: AwareDatetime = Field(default_factory=lambda: clock.now())


class ProviderError(TaskrunnerError):
    """A provider did not answer. `retry_after_seconds` is the wait it asked for; `permanent`: it will never answer.

    `detail` is for the operator's log alone: the provider's own words or address are no tenant's business.
    """

    code = "search_provider_error"

    def __init__(
        self, reason: str, *, retry_after_seconds: float | None = None, permanent: bool = False, detail: str = ""
    ) -> None:
        self.retry_after_seconds, self.permanent, self.detail = retry_after_seconds, permanent, detail
        super().__init__(reason)


class Provider(Protocol):
    """A source of results. `shared`: an outside provider, the same for all tenants: calls are limited and cached."""

    name: str
    shared: bool

    def missing(self) -> str | None:
        """The setting that it lacks, in words; None if it can be called."""

    def search(self, query: SearchQuery) -> ProviderResponse:
        """Search, within 15 s. Raises ProviderError."""
