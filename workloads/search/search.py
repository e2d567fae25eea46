"""One search over several sources: it fails only if all sources fail."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queueapp.errors import PermanentFailure, RetryLater, TaskrunnerError
from queueapp.redaction import masked_text
from queueapp.worker.context import TaskContext
from workloads.search.provider_call import Report, call_provider
from workloads.search.providers import PROVIDERS, ProviderError, ProviderResponse
from workloads.search.ranking import RankedResult, merge
from workloads.search.results import SearchQuery

MAX_FAILURES = 3


class SearchFailed(TaskrunnerError):
    """No source answered; a later search may succeed."""

    code = "search_failed"


@dataclass(frozen=True, slots=True)
class Findings:
    """The merged results of a search, and what each source reported."""

    query: SearchQuery
    results: list[RankedResult]
    reports: list[Report]

    @property
    def sources_used(self) -> list[str]:
        return [report.name for report in self.reports if report.error is None]

    @property
    def cached(self) -> bool:
        """Whether no provider had to be called."""
        return all(report.status == "cached" for report in self.reports)

    @property
    def retrieved_at(self) -> datetime:
        """The time of the oldest response among those merged."""
        return min(report.response.retrieved_at for report in self.reports)

    def as_dict(self) -> dict[str, Any]:
        return {
            "query": masked_text(self.query.text),
            "results": [result.as_dict() for result in self.results],
            "sources_used": self.sources_used,
            "providers": [report.as_dict() for report in self.reports],
            "retrieved_at": self.retrieved_at.isoformat(),
        }


class FailedSources:
    """Which sources a task calls no more: those that failed permanently, or three times in a row."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()
        self.errors: dict[str, ProviderError] = {}

    def note(self, report: Report) -> None:
        if report.error is None:
            self._failures[report.name] = 0
            return
        self._failures[report.name] += 1
        if report.error.permanent or self._failures[report.name] == MAX_FAILURES:
            self.errors[report.name] = report.error


def search(
    query: SearchQuery, sources: Iterable[str], task: TaskContext, *, fresh: bool, failed: FailedSources
) -> Findings:
    """Call the sources one after the other and merge their results. Never raises for a source that fails."""
    reports = []
    for name in sources:
        task.check_cancelled()
        if error := failed.errors.get(name):
            reports.append(Report(name, "failed", ProviderResponse(results=[]), error))
            continue
        report = call_provider(PROVIDERS[name], query, task, fresh=fresh)
        if report.error:
            task.log(f"{name}: {report.error}", level="warning", query=query.text)
        failed.note(report)
        reports.append(report)
    answered = {report.name: report.response.results for report in reports if report.error is None}
    return Findings(query, merge(answered, limit=query.count), reports)


def failure_of(reports: Iterable[Report]) -> TaskrunnerError:
    """The error of a search that no source answered: permanent if all errors are, else a retry at the earliest time."""
    errors = [(report.name, report.error) for report in reports if report.error]
    reason = "; ".join(dict.fromkeys(f"{name}: {error}" for name, error in errors))
    transient = [error for _, error in errors if not error.permanent]
    waits = [error.retry_after_seconds for error in transient if error.retry_after_seconds is not None]
    if not transient:
        return PermanentFailure(reason)
    return RetryLater(min(waits), reason) if waits else SearchFailed(reason)
