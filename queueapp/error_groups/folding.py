"""Failures are folded into their groups by the maintenance runner, in the transaction that takes their deltas."""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count

from queueapp.db import statements
from queueapp.fingerprints import title_of
from queueapp.models import ErrorGroup
from queueapp.redaction import masked_text

MOST_GROUPS = 1_000  # of a tenant: messages that always differ must not make rows without end
OTHER = "other"  # the fingerprint of the one group that counts all beyond
OTHER_TITLE = f"Errors beyond the tenant's first {MOST_GROUPS:,} kinds."

Failures = dict[str, Any]  # a row of `failed` in maintenance/sql/fold_counters.sql, as JSON
GroupKey = tuple[str, str]  # tenant and fingerprint


def fold(failures: list[Failures]) -> None:
    """Count failures in their groups and their spans of time; a group that is new gets the words of its first one.

    Needs a system's scope. Whoever takes the deltas calls it once for each of them.
    """
    known = _known(failures)
    new = {_key(row): row for row in failures if _key(row) not in known}
    beyond = _beyond(new)
    described = _described([row for key, row in new.items() if key not in beyond])
    rows = [{**row, "fingerprint": OTHER, "type": ""} if _key(row) in beyond else row for row in failures]
    groups = [described.get(key, {}) | group for key, group in _by_group(rows).items()]
    statements.rows("fold_errors", {"groups": json.dumps(groups), "slots": json.dumps(rows), "other": OTHER_TITLE})


def _key(row: Failures) -> GroupKey:
    return row["tenant_id"], row["fingerprint"]


def _known(failures: Iterable[Failures]) -> set[GroupKey]:
    fingerprints = {row["fingerprint"] for row in failures}
    found = ErrorGroup.objects.filter(fingerprint__in=fingerprints).values_list("tenant_id", "fingerprint")
    return {(str(tenant_id), fingerprint) for tenant_id, fingerprint in found}


def _beyond(new: Collection[GroupKey]) -> set[GroupKey]:
    """Those of the new groups for which their tenant has no room."""
    if not new:
        return set()
    tenants = {tenant_id for tenant_id, _ in new}
    groups = ErrorGroup.objects.filter(tenant_id__in=tenants).order_by().values_list("tenant_id").annotate(Count("id"))
    taken = Counter({str(tenant_id): groups for tenant_id, groups in groups})
    beyond = set()
    for tenant_id, fingerprint in new:
        taken[tenant_id] += 1
        if taken[tenant_id] > MOST_GROUPS:
            beyond.add((tenant_id, fingerprint))
    return beyond


def _described(new: list[Failures]) -> dict[GroupKey, dict[str, str]]:
    """Code, class and title of new groups, from what the log says of one failure of each."""
    if not new:
        return {}
    ids = [UUID(row["sample_task_id"]) for row in new]
    samples = {"ids": ids, "attempts": [row["sample_attempt"] for row in new]}
    logged = {(str(row["task_id"]), row["attempt"]): row for row in statements.rows("failures_of_attempts", samples)}
    return {
        _key(row): _words(logged[row["sample_task_id"], row["sample_attempt"]])
        for row in new
        if (row["sample_task_id"], row["sample_attempt"]) in logged
    }


def _words(logged: dict[str, Any]) -> dict[str, str]:
    return {
        "code": logged["reason"],
        "title": title_of(masked_text(logged["message"])),
        "exception_class": (logged["detail"] or {}).get("exception_class", ""),
    }


def _by_group(rows: Iterable[Failures]) -> dict[GroupKey, Failures]:
    """Their sums; rows come in the order of time."""
    groups: dict[GroupKey, Failures] = {}
    for row in rows:
        group = groups.setdefault(_key(row), {**row, "failures": 0})
        group["failures"] += row["failures"]
        group["first_seen"] = min(group["first_seen"], row["first_seen"])
        latest = ("last_seen", "last_release", "sample_task_id", "sample_attempt")
        group.update({name: row[name] for name in latest})
    return groups


def failure_of(task_id: UUID, attempt: int) -> dict[str, Any] | None:
    """What the log says of the failure of an attempt: {at, reason, message, detail, worker_id, …}, if anything."""
    found = statements.rows("failures_of_attempts", {"ids": [task_id], "attempts": [attempt]})
    return found[0] if found else None
