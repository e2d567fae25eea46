"""The port that every source of results implements, and what it may answer."""

from typing import Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from queueapp import clock
from queueapp.errors import TaskrunnerError
from workloads.search.results import Hit, Question


class Answer(BaseModel):
    """Hits, the best first. `raw` is what a provider elsewhere sent, byte for byte; it is not kept for others."""

    model_config = ConfigDict(frozen=True)

    hits: list[Hit]
    raw: bytes | None = Field(None, exclude=True)
    retrieved_at: AwareDatetime = Field(default_factory=lambda: clock.now())


class ProviderError(TaskrunnerError):
    """A provider gave no answer. `retry_after_seconds` is what it asked for; `permanent`: it will never answer.

    `detail` is for the operator's log alone: the provider's own words or address are no tenant's business.
    """

    code = "search_provider_error"

    def __init__(
        self, reason: str, *, retry_after_seconds: float | None = None, permanent: bool = False, detail: str = ""
    ) -> None:
        self.retry_after_seconds, self.permanent, self.detail = retry_after_seconds, permanent, detail
        super().__init__(reason)


class Provider(Protocol):
    """A source of results. `shared`: it answers everybody alike, and is somebody else's, so that calls are spared."""

    name: str
    shared: bool

    def missing(self) -> str | None:
        """What of the configuration it lacks, in words; None when it can be asked."""

    def search(self, question: Question) -> Answer:
        """Ask, within 15 s. Raises ProviderError."""
