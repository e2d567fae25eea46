"""Claiming for workers that lease over HTTP: tasks of their own tenant only, most urgent first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from queueapp.claiming.claimer import LEASE_SECONDS
from queueapp.claiming.partitions import Capabilities, list_new_partitions
from queueapp.db import statements
from queueapp.handlers import find_handler
from queueapp.models import Partition, Queue
from queueapp.observers import Transition, report_on_commit
from queueapp.states import Status
from queueapp.tenancy import worker_scope


@dataclass(frozen=True, slots=True)
class Leased:
    """An attempt that an HTTP worker holds until `lease_expires_at`."""

    id: UUID
    type: str
    queue: str
    priority: int
    params: dict[str, Any]
    requirements: dict[str, Any]
    labels: list[str]
    attempt: int
    failures: int
    max_retries: int
    timeout_seconds: int
    created_at: datetime
    lease_expires_at: datetime


def claim_for_tenant(worker_id: UUID, tenant_id: UUID, capabilities: Capabilities, limit: int) -> list[Leased]:
    """Lease up to `limit` ready tasks of the tenant that the capabilities match."""
    parameters = {
        "tenant_id": tenant_id,
        "limit": limit,
        # other claimers hold locks at the head, so look past them
        "scan_limit": limit * 4,
        "worker_id": worker_id,
        "lease_seconds": LEASE_SECONDS,
    }

    def claim() -> list[statements.Row]:
        with worker_scope(worker_id):
            ids = [partition.id for partition in _open_partitions(capabilities)]
            rows = statements.rows("claim_for_tenant", {**parameters, "partitions": ids}) if ids else []
            report_on_commit(Transition(row["id"], Status.QUEUED, Status.LEASED) for row in rows)
            return rows

    rows = claim()
    if not rows and list_new_partitions(worker_id):
        rows = claim()
    rows.sort(key=lambda row: row.pop("position"))
    return [Leased(**row) for row in rows]


def _open_partitions(capabilities: Capabilities) -> list[Partition]:
    """The partitions that the capabilities match in queues that are not paused.

    Not those of transactional handlers: their completion must commit with writes that only they can make.
    """
    open_queues = Queue.objects.filter(name__in=capabilities.queues, paused_at=None)
    partitions = Partition.objects.filter(queue__in=open_queues.values("name"))
    return [
        partition for partition in partitions if capabilities.allow(partition) and not _is_transactional(partition.type)
    ]


def _is_transactional(type: str) -> bool:
    handler = find_handler(type)
    return handler is not None and handler.transactional
