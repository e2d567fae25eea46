"""Claiming for workers that lease over HTTP: tasks of their own tenant only, in the order of the queue's strategy."""

import json
import random
import threading
import time
from typing import Any
from uuid import UUID

from queueapp.claiming.claimer import LEASE_SECONDS, LEAST_SCAN_LIMIT, SCAN_LIMIT
from queueapp.claiming.partitions import REFRESH_SECONDS, Capabilities, MatchingPartitions, list_new_partitions
from queueapp.db import statements
from queueapp.handlers import find_handler
from queueapp.models import Queue
from queueapp.observers import Transition, report_on_commit
from queueapp.states import Status
from queueapp.tenancy import worker_scope

CAPABILITIES_REMEMBERED = 100  # of the keys that were used last

_listed_at = float("-inf")  # when this process last looked for new partitions
_matching: dict[str, MatchingPartitions[str]] = {}  # by capabilities, what was used last at the end
_lock = threading.Lock()  # of the threads that answer requests


def claim_for_tenant(worker_id: UUID, tenant_id: UUID, capabilities: Capabilities, limit: int) -> list[statements.Row]:
    """Lease up to `limit` ready tasks of the tenant that the capabilities match, all of one queue.

    Nothing of a queue whose pause has returned: a pause waits for the claims in flight, and further ones for the pause.
    """

    def claim() -> list[statements.Row]:
        with worker_scope(worker_id):
            statements.rows("share_pauses")
            return _claim_from_any(worker_id, tenant_id, capabilities, limit)

    rows = claim()
    if (not rows or _is_time_to_list()) and _list(worker_id) and not rows:
        rows = claim()
    return rows


def _claim_from_any(worker_id: UUID, tenant_id: UUID, capabilities: Capabilities, limit: int) -> list[statements.Row]:
    """What the first queue gives that has something. Nobody remembers whose turn it is, so it is drawn."""
    queues = list(Queue.objects.filter(paused_at=None))
    partitions = _claimable_partitions(capabilities)
    parameters: dict[str, Any] = {
        "tenant_id": tenant_id,
        "limit": limit,
        "scan_limit": max(LEAST_SCAN_LIMIT, limit * SCAN_LIMIT),
        "worker_id": worker_id,
        "lease_seconds": LEASE_SECONDS,
    }
    for queue in random.sample(queues, len(queues)):
        own = {"partitions": partitions.get(queue.name, []), "strategy": queue.strategy}
        if own["partitions"] and (rows := statements.rows("claim_for_tenant", {**parameters, **own})):
            report_on_commit(Transition(row["id"], Status.QUEUED, Status.LEASED) for row in rows)
            return sorted(rows, key=lambda row: row.pop("position"))
    return []


def _claimable_partitions(capabilities: Capabilities) -> dict[str, list[int]]:
    """By queue, the partitions that the capabilities match, without those that only clusters may run."""
    with _lock:
        key = json.dumps([capabilities.queues, capabilities.categories, capabilities.properties], sort_keys=True)
        matching = _matching.pop(key, None) or MatchingPartitions(capabilities, _type_for_others)
        _matching[key] = matching  # as the one that was used last
        if len(_matching) > CAPABILITIES_REMEMBERED:
            del _matching[next(iter(_matching))]
        matching.refresh()
        return {queue: list(types) for queue, types in matching.by_queue.items()}


def forget() -> None:
    """What this process remembers of partitions."""
    _matching.clear()


def _type_for_others(type: str) -> str | None:
    handler = find_handler(type)
    return None if handler is not None and handler.only_in_clusters else type


def _is_time_to_list() -> bool:
    return time.monotonic() - _listed_at >= REFRESH_SECONDS


def _list(worker_id: UUID) -> bool:
    """Also for workers that always find something: what waits in a new partition must not wait for their last task."""
    global _listed_at
    _listed_at = time.monotonic()
    return list_new_partitions(worker_id)
