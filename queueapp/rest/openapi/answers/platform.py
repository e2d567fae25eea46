"""Queues, workers and refusals."""

from datetime import datetime
from typing import Any
from uuid import UUID

from queueapp.rest.openapi.answers.common import ResponseModel


class Queue(ResponseModel):
    """A queue at a glance."""

    name: str
    strategy: str
    paused_at: datetime | None
    counts: dict[str, int]
    oldest_wait_seconds: float | None
    live_workers: int


class HeldTask(ResponseModel):
    """A task that a worker holds."""

    id: UUID
    type: str
    attempt: int
    started_at: datetime | None


class Worker(ResponseModel):
    """A worker process; one that leases over HTTP shows the id of its key as its cluster, and no pid."""

    id: UUID
    cluster_id: UUID
    host: str
    pid: int
    queues: list[str]
    capabilities: dict[str, Any]
    is_live: bool
    started_at: datetime
    heartbeat_at: datetime
    stopped_at: datetime | None
    seconds_since_heartbeat: float
    tasks: list[HeldTask]


class SecurityEvent(ResponseModel):
    """A refusal."""

    id: UUID
    at: datetime
    tenant_id: UUID | None
    actor: str
    event: str
    detail: dict[str, Any]
