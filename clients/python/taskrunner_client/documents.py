"""What the API takes and gives. A server that is newer may say more: what is not known here is left out."""

from datetime import datetime
from typing import Any, Literal, Required, TypedDict
from uuid import UUID

from pydantic import BaseModel

Status = Literal["scheduled", "blocked", "queued", "leased", "failed", "completed", "dead_letter", "cancelled"]
FINAL: frozenset[Status] = frozenset({"completed", "dead_letter", "cancelled"})


class TaskOptions(TypedDict, total=False):
    """What a task may be given besides its type and parameters; the defaults are the server's."""

    queue: str
    priority: int
    run_at: datetime
    delay_seconds: float
    expires_at: datetime
    expires_seconds: float
    timeout_seconds: int
    max_retries: int
    requirements: dict[str, Any]
    labels: list[str]
    dedup: dict[str, Any]


class NewTask(TaskOptions, total=False):
    """One task of many to submit."""

    type: Required[str]
    params: dict[str, Any]


class TaskError(BaseModel):
    """How the last attempt failed."""

    code: str
    message: str
    exception_class: str
    traceback: str | None


class TaskProgress(BaseModel):
    """How far the work is, 0 to 1."""

    fraction: float
    message: str


class Task(BaseModel):
    """A task as it was when the server answered."""

    id: UUID
    tenant: str
    type: str
    queue: str
    status: Status
    priority: int
    labels: list[str]
    params: dict[str, Any]
    requirements: dict[str, Any]
    result: Any
    error: TaskError | None
    attempt: int
    failures: int
    crash_count: int
    max_retries: int
    timeout_seconds: int
    progress: TaskProgress | None
    worker_id: UUID | None
    run_at: datetime
    expires_at: datetime | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    run_seconds: float | None
    retried_from_id: UUID | None
    lease_expires_at: datetime | None
    cancel_requested_at: datetime | None
    artifact_ids: list[UUID]

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it, unless somebody retries it."""
        return self.status in FINAL


class Tasks(BaseModel):
    """Several, in the order in which they were submitted."""

    tasks: list[Task]


class Artifact(BaseModel):
    """What a task left behind, without the bytes."""

    id: UUID
    task_id: UUID
    attempt: int
    type: str
    content_type: str
    size_bytes: int
    sha256: str
    metadata: dict[str, Any]
    created_at: datetime
