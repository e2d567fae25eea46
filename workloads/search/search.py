"""One search over several sources: what some of them find is a result, and only all failing is a failure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from queueapp.errors import PermanentFailure, RetryLater, TaskrunnerError
from queueapp.worker.context import TaskContext
from workloads.search.provider_call import Report, ask
from workloads.search.providers import PROVIDERS, Answer, ProviderError
from workloads.search.ranking import Result, merge
from workloads.search.results import Question

MAX_FAILURES = 3


class SearchFailed(TaskrunnerError):
    """No source answered; asking again later may help."""

    code = "search_failed"


@dataclass(frozen=True, slots=True)
class Findings:
    """The merged results of a search, and what each source reported."""

    question: Question
    results: list[Result]
    reports: list[Report]

    @property
    def sources_used(self) -> list[str]:
        return [report.name for report in self.reports if report.error is None]

    @property
    def cached(self) -> bool:
        """Whether nobody had to be asked."""
        return all(report.status == "cached" for report in self.reports)

    @property
    def retrieved_at(self) -> datetime:
        """When the oldest answer among those merged was given."""
        return min(report.answer.retrieved_at for report in self.reports)

    def as_dict(self) -> dict[str, Any]:
        return {
            "query": self.question.query,
            "results": [result.as_dict() for result in self.results],
            "sources_used": self.sources_used,
            "providers": [report.as_dict() for report in self.reports],
            "retrieved_at": self.retrieved_at.isoformat(),
        }


class Patience:
    """Which sources a task asks no more: those that failed for good, or three times in a row."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()
        self.lost: dict[str, ProviderError] = {}

    def note(self, report: Report) -> None:
        if report.error is None:
            self._failures[report.name] = 0
            return
        self._failures[report.name] += 1
        if report.error.permanent or self._failures[report.name] == MAX_FAILURES:
            self.lost[report.name] = report.error


def search(
    question: Question, sources: Iterable[str], task: TaskContext, *, fresh: bool, patience: Patience
) -> Findings:
    """Ask the sources one after the other and merge what they found. Never raises for a source that fails."""
    reports = []
    for name in sources:
        task.check_cancelled()
        if lost := patience.lost.get(name):
            reports.append(Report(name, "failed", Answer(hits=[]), lost))
            continue
        report = ask(PROVIDERS[name], question, task, fresh=fresh)
        if report.error:
            task.log(f"{name}: {report.error}", level="warning", query=question.query)
        patience.note(report)
        reports.append(report)
    answered = {report.name: report.answer.hits for report in reports if report.error is None}
    return Findings(question, merge(answered, limit=question.count), reports)


def failure_of(reports: Iterable[Report]) -> TaskrunnerError:
    """What to raise where every source failed: permanent if all are, else later, when the first wants to be asked."""
    errors = [(report.name, report.error) for report in reports if report.error]
    said = "; ".join(dict.fromkeys(f"{name}: {error}" for name, error in errors))
    transient = [error for _, error in errors if not error.permanent]
    waits = [error.retry_after_seconds for error in transient if error.retry_after_seconds is not None]
    if not transient:
        return PermanentFailure(said)
    return RetryLater(min(waits), said) if waits else SearchFailed(said)
