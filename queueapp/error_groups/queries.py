"""Reading errors: which kinds there are in a window of time, and one of them in full. Needs a scope."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from queueapp.db import statements
from queueapp.error_groups.folding import failure_of
from queueapp.models import ErrorGroup
from queueapp.windows import Window, windows

MOST_LISTED = 200
WINDOWS = windows(short_span_seconds=300)


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """A kind of failure, over all tenants that the scope shows.

    `failures` are those of the window, `buckets` the same by span, the oldest first and the one that runs last.
    `state` is open where any tenant's group is open, else ignored where any is ignored.
    """

    fingerprint: str
    type: str
    code: str
    title: str
    exception_class: str
    failures: int
    first_seen: datetime
    last_seen: datetime
    first_release: str
    last_release: str
    tenants: int
    state: str
    buckets: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sample:
    """A failure lately. `log` is its row in the log, None once that is gone: {at, message, detail, worker_id}."""

    task_id: UUID
    attempt: int
    log: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """A kind of failure in full: with each tenant's group, the one last seen first."""

    row: ErrorRow
    groups: list[ErrorGroup]
    sample: Sample


def error_rows(
    window: str = "24h",
    *,
    tenant_id: UUID | None = None,
    state: str | None = None,
    type_pattern: str | None = None,
    fingerprint: str | None = None,
    limit: int = MOST_LISTED,
) -> list[ErrorRow]:
    """Kinds of failures that were seen in a window of WINDOWS, the most frequent first."""
    back = WINDOWS[window]
    since = back.since
    parameters = {
        "since": since,
        "span_seconds": back.span_seconds,
        "tenant_id": tenant_id,
        "state": state,
        "type_pattern": type_pattern or "*",
        "fingerprint": fingerprint,
        "limit": limit,
    }
    return [_row(found, back, since) for found in statements.rows("error_rows", parameters)]


def error_detail(fingerprint: str, window: str = "24h", *, tenant_id: UUID | None = None) -> ErrorDetail | None:
    """None where the scope shows no such group. In the window there may be no failure: the counts are 0 then."""
    groups = ErrorGroup.objects.select_related("tenant").filter(fingerprint=fingerprint)
    if tenant_id is not None:
        groups = groups.filter(tenant_id=tenant_id)
    found = list(groups.order_by("-last_seen")[:MOST_LISTED])
    if not found:
        return None
    latest = found[0]
    log = failure_of(latest.sample_task_id, latest.sample_attempt)
    sample = Sample(latest.sample_task_id, latest.sample_attempt, log)
    (row,) = error_rows(window, tenant_id=tenant_id, fingerprint=fingerprint)
    return ErrorDetail(row, found, sample)


def _row(found: dict[str, Any], window: Window, since: datetime) -> ErrorRow:
    counted: dict[str, int] = found.pop("series") or {}
    first = int(since.timestamp())
    starts = range(first, first + window.seconds + 1, window.span_seconds)
    return ErrorRow(**found, buckets=[counted.get(str(start), 0) for start in starts])
