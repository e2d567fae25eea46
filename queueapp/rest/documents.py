"""Tasks and their log as the API shows them."""

import hashlib
from typing import Any

from queueapp.models import Task, TaskLog
from queueapp.redaction import masked
from queueapp.rest.toolkit.permissions import Principal
from queueapp.tasks.serializers import task_document


def document_of(task: Task, principal: Principal) -> dict[str, Any]:
    """A task without its secrets."""
    # looked up only for an admin, who reads other tenants' too
    slug = principal.tenant_slug if task.tenant_id == principal.tenant_id else task.tenant.slug
    return {**task_document(task, slug), "artifact_ids": task.artifact_ids}


def log_document(entry: TaskLog) -> dict[str, Any]:
    """An entry of a task's log; its id is what `after` takes."""
    names = ("id", "at", "kind", "level", "message", "reason", "from_status", "to_status", "attempt", "worker_id")
    return {**{name: getattr(entry, name) for name in names}, "actor": entry.actor, "detail": masked(entry.detail)}


def etag_of(task: Task) -> str:
    """Changes whenever the row does, or an artifact comes or goes."""
    artifacts = f"{len(task.artifact_ids)} {[*task.artifact_ids][-1:]}"
    state = f"{task.id} {task.updated_at.isoformat()} {task.attempt} {task.status} {task.priority} {artifacts}"
    return f'"{hashlib.sha256(state.encode()).hexdigest()[:32]}"'
