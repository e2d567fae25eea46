"""Tasks, their log, and the types that they may be of."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from queueapp.rest.openapi.answers.common import ResponseModel
from queueapp.states import Status


class TaskError(ResponseModel):
    """How the last attempt failed."""

    code: str
    message: str


class ProgressTold(ResponseModel):
    """How far the work is, as its worker last told."""

    fraction: float
    message: str


class Task(ResponseModel):
    """A task. Members of `params` whose names say that they are secrets show as `***`."""

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
    artifact_ids: list[UUID] = Field(description="The oldest 200; GET …/artifacts lists all.")
    error: TaskError | None
    attempt: int = Field(description="Grows with every claim.")
    failures: int
    crash_count: int
    max_retries: int
    timeout_seconds: int
    progress: ProgressTold | None
    worker_id: UUID | None
    run_at: datetime
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    lease_expires_at: datetime | None
    cancel_requested_at: datetime | None


class Tasks(ResponseModel):
    """The accepted tasks, in the order of the request."""

    tasks: list[Task]


class LogEntry(ResponseModel):
    """A move of a task, or a line that its worker logged."""

    id: UUID
    at: datetime
    kind: Literal["transition", "log"]
    level: str
    message: str
    reason: str
    from_status: Status | None
    to_status: Status | None
    attempt: int
    worker_id: UUID | None
    actor: str
    detail: Any


class Reason(BaseModel):
    """One thing that a task waits for; further members depend on the code."""

    code: str
    message: str


class Why(ResponseModel):
    """What a task waits for, the nearest first."""

    id: UUID
    status: Status
    reasons: list[Reason]


class DryRun(ResponseModel):
    """How many tasks a verb would reach."""

    verb: str
    dry_run: bool
    count: int


class TaskType(ResponseModel):
    """A type of task, and how its tasks run unless they say otherwise."""

    type: str
    declared: bool = Field(description="By the tenant, for workers of its own; else there is a handler for it.")
    queue: str
    timeout_seconds: int
    max_timeout_seconds: int | None
    max_retries: int
    retry_base_seconds: float
    params_schema: dict[str, Any]
