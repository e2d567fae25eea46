"""Claiming for workers that lease over HTTP: tasks of their own tenant only, in the order of the queue's strategy."""

import random
import time
from typing import Any
from uuid import UUID

from queueapp.claiming.claimer import LEASE_SECONDS, LEAST_SCAN_LIMIT, SCAN_LIMIT
from queueapp.claiming.partitions import REFRESH_SECONDS, Capabilities, list_new_partitions
from queueapp.db import statements
from queueapp.handlers import find_handler
from queueapp.models import Partition, Queue
from queueapp.observers import Transition, report_on_commit
from queueapp.states import Status
from queueapp.tenancy import worker_scope

_listed_at = float("-inf")  # when this process last looked for new partitions


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
        ids = [partition.id for partition in partitions if partition.queue == queue.name]
        own = {"partitions": ids, "strategy": queue.strategy}
        if ids and (rows := statements.rows("claim_for_tenant", {**parameters, **own})):
            report_on_commit(Transition(row["id"], Status.QUEUED, Status.LEASED) for row in rows)
            return sorted(rows, key=lambda row: row.pop("position"))
    return []


def _claimable_partitions(capabilities: Capabilities) -> list[Partition]:
    """The partitions that the capabilities match.

    Not those of transactional handlers: their completion must commit with writes that only they can make.
    """
    partitions = Partition.objects.all()
    return [
        partition for partition in partitions if capabilities.allow(partition) and not _is_transactional(partition.type)
    ]


def _is_transactional(type: str) -> bool:
    handler = find_handler(type)
    return handler is not None and handler.transactional


def _is_time_to_list() -> bool:
    return time.monotonic() - _listed_at >= REFRESH_SECONDS


def _list(worker_id: UUID) -> bool:
    """Also for workers that always find something: what waits in a new partition must not wait for their last task."""
    global _listed_at
    _listed_at = time.monotonic()
    return list_new_partitions(worker_id)
