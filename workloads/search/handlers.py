"""The tasks of the search family: one query, or several."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from queueapp.errors import PermanentFailure
from queueapp.handlers import handler
from queueapp.worker.context import TaskContext
from workloads.log_events import log_event
from workloads.search.limits import SearchLimits
from workloads.search.params import BatchParams, Options, SearchParams, check_batch, check_sources
from workloads.search.provider_call import Report
from workloads.search.providers import default_sources, refused_sources
from workloads.search.results import SearchQuery
from workloads.search.search import FailedSources, Findings, failure_of, search

QUEUE = "search"


@handler(
    "search",
    params=SearchParams,
    validate=check_sources,
    queue=QUEUE,
    timeout_seconds=180,
    max_retries=3,
    prefetch=False,
    # the library and a provider that failed may have more to say now; the others' answers are kept
    result_ttl_seconds=0,
)
def search_one(task: TaskContext, params: SearchParams) -> dict[str, Any]:
    """Search, and keep the results as artifacts: the merged list first, then each provider's response."""
    log_event("search_task_started", task)
    limits = SearchLimits.of(task.tenant)
    query = SearchQuery(params.query, params.recency_days, limits.search_max_results)
    findings = search(query, _sources(params, limits), task, fresh=params.force, failed=FailedSources())
    if not findings.sources_used:
        failure = failure_of(findings.reports)
        log_event("search_task_failed", task, error=str(failure))
        raise failure
    raw_ids = _attach_raw(task, findings)
    result_id = _attach(task, "search_results", findings.as_dict())
    log_event("search_task_completed", task, results=len(findings.results))
    return {
        "artifact_ids": [result_id, *raw_ids],
        "summary": _found(len(findings.results), findings.sources_used),
        "cached": findings.cached,
        "providers": [report.as_dict() for report in findings.reports],
    }


@handler(
    "search.batch",
    params=BatchParams,
    validate=check_batch,
    queue=QUEUE,
    timeout_seconds=600,
    max_retries=3,
    prefetch=False,
    result_ttl_seconds=0,
)
def search_batch(task: TaskContext, params: BatchParams) -> dict[str, Any]:
    """Search for one query after the other. A query that no source answered says so; all of them failing fails."""
    log_event("search_batch_started", task, queries=len(params.queries))
    found, raw_ids = _search_each(task, params)
    reports = [report for findings in found.values() for report in findings.reports]
    answered = [findings for findings in found.values() if findings.sources_used]
    if not answered:
        raise failure_of(reports)
    entries = [found[text].as_dict() | {"cached": found[text].cached} for text in params.queries]
    result_id = _attach(task, "search_batch_results", {"queries": entries})
    log_event("search_batch_completed", task, queries=len(params.queries))
    return {
        "artifact_ids": [result_id, *raw_ids],
        "summary": _summary(answered, failed=len(found) - len(answered)),
        "providers": _totals(reports),
    }


def _search_each(task: TaskContext, params: BatchParams) -> tuple[dict[str, Findings], list[str]]:
    """The findings of each query, and the artifacts of the providers' responses; a repeated query is searched once."""
    limits = SearchLimits.of(task.tenant)
    sources = _sources(params, limits)
    found: dict[str, Findings] = {}
    raw_ids: list[str] = []
    failed = FailedSources()  # a provider that hangs must not use up the time of the others
    for number, text in enumerate(params.queries):
        task.progress(number / len(params.queries), f"{number} of {len(params.queries)} queries")
        if text in found:
            continue
        query = SearchQuery(text, params.recency_days, limits.search_max_results)
        found[text] = findings = search(query, sources, task, fresh=params.force, failed=failed)
        log_event("search_batch_cached_hit" if findings.cached else "search_batch_provider_call", task)
        raw_ids += _attach_raw(task, findings)
    return found, raw_ids


def _sources(params: Options, limits: SearchLimits) -> list[str]:
    """The sources to call. They were checked when the task was submitted, but the limits may have changed since."""
    if params.sources is None:
        return default_sources(limits.search_source_allowlist)
    if refused := refused_sources(params.sources, limits.search_source_allowlist):
        raise PermanentFailure(f"search_source_not_allowed: {', '.join(refused)}")
    return params.sources


def _attach(task: TaskContext, type: str, document: dict[str, Any]) -> str:
    content = json.dumps(document, ensure_ascii=False).encode()
    return str(task.attach(type, content, content_type="application/json"))


def _attach_raw(task: TaskContext, findings: Findings) -> list[str]:
    """The providers' responses to this search, byte for byte."""
    return [
        str(
            task.attach(
                "search_raw",
                report.response.raw,
                content_type="application/json",
                metadata={"provider": report.name, "query": findings.query.text},
            )
        )
        for report in findings.reports
        if report.response.raw is not None
    ]


def _summary(answered: list[Findings], *, failed: int) -> str:
    results = sum(len(findings.results) for findings in answered)
    used = sorted({name for findings in answered for name in findings.sources_used})
    return _found(results, used) + (f"; {failed} queries without an answer" if failed else "")


def _found(results: int, sources: Sequence[str]) -> str:
    return f"{results} result{'s' if results != 1 else ''} from {', '.join(sources)}"


def _totals(reports: Iterable[Report]) -> list[dict[str, Any]]:
    """How many queries each provider answered, and how many it did not."""
    totals: dict[str, dict[str, Any]] = {}
    for report in reports:
        total = totals.setdefault(report.name, {"name": report.name, "ok": 0, "cached": 0, "failed": 0})
        total[report.status] += 1
    return list(totals.values())
