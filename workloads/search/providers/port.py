"""The port that every source of results implements, and what it may answer."""

from dataclasses import dataclass
from typing import Protocol

from queueapp.errors import TaskrunnerError
from workloads.search.hits import Hit
from workloads.search.question import Question


@dataclass(frozen=True, slots=True)
class Answer:
    """Hits, the best first, and what the provider sent, byte for byte, where it is somebody else's."""

    hits: list[Hit]
    raw: bytes | None = None


class ProviderError(TaskrunnerError):
    """A provider gave no answer. `retry_after_seconds` is what it asked for; `permanent`: it will never answer."""

    code = "search_provider_error"

    def __init__(self, reason: str, *, retry_after_seconds: float | None = None, permanent: bool = False) -> None:
        self.retry_after_seconds, self.permanent = retry_after_seconds, permanent
        super().__init__(reason)


class Provider(Protocol):
    """A source of results. `shared`: it answers everybody alike, and it is somebody else's, so calls are spared."""

    name: str
    shared: bool

    def missing(self) -> str | None:
        """What of the configuration it lacks, in words; None when it can be asked."""

    def search(self, question: Question) -> Answer:
        """Ask, within 15 s. Raises ProviderError."""
