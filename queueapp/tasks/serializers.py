"""Rows as documents for machines: the same from the HTTP API and from commands with --json."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from queueapp.models import Task
from queueapp.redaction import masked
from queueapp.tasks import TransitionResult
from queueapp.tasks.queries import QueueRow, WorkerRow

TASK_FIELDS = (
    *("id", "type", "queue", "status", "priority", "labels", "params", "requirements", "result"),
    *("attempt", "failures", "crash_count", "max_retries", "timeout_seconds", "progress", "worker_id"),
    *("run_at", "created_at", "updated_at", "started_at", "finished_at", "lease_expires_at", "cancel_requested_at"),
)


def task_document(task: Task, tenant: str) -> dict[str, Any]:
    """A task without its secrets."""
    document = {"tenant": tenant, **{name: getattr(task, name) for name in TASK_FIELDS}}
    document |= {"params": masked(task.params), "result": masked(task.result)}
    document["error"] = {"code": task.error_code, "message": task.error_message} if task.error_code else None
    return document


def result_document(outcome: TransitionResult) -> dict[str, Any]:
    return {
        "id": outcome.task_id,
        "was": outcome.was,
        "status": outcome.status,
        "done": outcome.done,
        "reason": outcome.reason,
    }


def queue_document(row: QueueRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "strategy": row.strategy,
        "paused_at": row.paused_at,
        "counts": row.counts,
        "oldest_wait_seconds": row.oldest_wait_seconds,
        "live_workers": row.live_workers,
    }


def worker_document(row: WorkerRow) -> dict[str, Any]:
    worker = row.worker
    return {
        "id": worker.id,
        "cluster_id": worker.cluster_id,
        "host": worker.host,
        "pid": worker.pid,
        "queues": worker.queues,
        "capabilities": worker.capabilities,
        "is_live": row.is_live,
        "started_at": worker.started_at,
        "heartbeat_at": worker.heartbeat_at,
        "stopped_at": worker.stopped_at,
        "seconds_since_heartbeat": row.seconds_since_heartbeat,
        "tasks": list(_held(row.tasks)),
    }


def _held(tasks: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for task in tasks:
        started_at = task["started_at"]  # PostgreSQL's own JSON, whose times have no Z
        yield {**task, "id": UUID(task["id"]), "started_at": started_at and datetime.fromisoformat(started_at)}
