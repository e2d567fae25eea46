"""Tasks in any status, brought there by the moves that the database allows."""

import time
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from queueapp.artifacts import object_store, service
from queueapp.artifacts.service import ArtifactDescription
from queueapp.artifacts.upload_buffer import UploadBuffer
from queueapp.handlers import get_handler
from queueapp.models import Task, Tenant
from queueapp.models.base import new_id
from queueapp.states import Status
from queueapp.tasks.attempt import Attempt
from queueapp.tenancy import operator_scope, tenant_scope, worker_scope

ACTOR = "operator:factory"
TRACEBACK = (
    'Traceback (most recent call last):\n  File "/srv/shop/handlers.py", line 7, in work\nBroken: It went wrong.'
)
# Fixed when the row is made: the database refuses to change them, or derives others from them.
FROM_THE_START = {"id", "type", "queue", "requirements"}

S = Status
LEASED_BEFORE = {S.LEASED, S.FAILED, S.COMPLETED, S.DEAD_LETTER}


class MakeTask(Protocol):
    def __call__(self, status: str = ..., tenant: Tenant | UUID = ..., **fields: Any) -> Task: ...


def attempt_at(claimed: Any, worker_id: UUID) -> Attempt:
    """An attempt at a claimed task, as started now."""
    attempt = Attempt(claimed, worker_id, get_handler(claimed.type))
    attempt.started = time.monotonic()
    return attempt


def create_task(status: str, tenant: Tenant | UUID, **fields: Any) -> Task:
    """A task in this status, with these fields. Call it outside any scope, or inside an operator's."""
    wanted = Status(status)
    worker_id = fields.get("worker_id") or new_id()
    first = {"type": "echo", "queue": "default", **{name: fields.pop(name) for name in FROM_THE_START & fields.keys()}}
    with operator_scope(ACTOR):
        born_as = wanted if wanted in (S.SCHEDULED, S.BLOCKED) else S.QUEUED
        run_at = {"run_at": Now() + timedelta(hours=1)} if wanted == S.SCHEDULED else {}
        task = Task.objects.create(tenant_id=getattr(tenant, "id", tenant), status=born_as, **first, **run_at)
    if wanted in LEASED_BEFORE:
        with worker_scope(worker_id):
            _lease(task, worker_id)
            if wanted != S.LEASED:
                _settle(task, wanted)
    with operator_scope(ACTOR):
        row = Task.objects.filter(id=task.id)
        if wanted == S.CANCELLED:
            row.update(status=S.CANCELLED, cancel_requested_at=Now(), finished_at=Now())
        if fields:
            row.update(**fields)
        return row.get()


def create_artifact(task: Task) -> str:
    """The id of an artifact of the task that has some bytes to download."""
    with tenant_scope(task.tenant_id), UploadBuffer(100) as buffer:
        buffer.write(b"something to download")
        reserved = service.reserve(task.tenant_id, task.id)
        object_store.put(reserved.object_key, buffer)
        artifact = service.claim(reserved, ArtifactDescription(type="note", content_type="text/plain"), buffer)
        assert artifact is not None
        return str(artifact.id)


def fresh(task: Task) -> Task:
    """The task as the database has it now."""
    with operator_scope(ACTOR):
        return Task.objects.get(id=task.id)


def _lease(task: Task, worker_id: UUID) -> None:
    Task.objects.filter(id=task.id).update(
        status=S.LEASED,
        worker_id=worker_id,
        attempt=F("attempt") + 1,
        started_at=Now(),
        lease_expires_at=Now() + timedelta(seconds=30),
    )


def _settle(task: Task, wanted: Status) -> None:
    ended: dict[str, Any] = {"result": {"ok": True}, "finished_at": Now()}
    if wanted != S.COMPLETED:
        ended = {"failures": 1, "error_code": "handler_error", "error_message": "It went wrong."}
        ended |= {"error_detail": {"exception_class": "shop.errors.Broken", "traceback": TRACEBACK}}
        ended |= {"run_at": Now() + timedelta(hours=1)} if wanted == S.FAILED else {"finished_at": Now()}
    Task.objects.filter(id=task.id).update(status=wanted, lease_expires_at=None, run_seconds=0.25, **ended)
