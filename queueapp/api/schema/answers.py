"""The bodies of answers. Nothing is checked against these at run time; the tests do, member by member."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from queueapp.states import Status

Document = TypeVar("Document")


class Answered(BaseModel):
    """Base: exactly these members."""

    model_config = ConfigDict(extra="forbid")


class FieldProblem(Answered):
    """What is wrong with one field of a request."""

    field: str = Field(description="A dotted path.")
    code: str
    message: str


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable; `detail` says what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldProblem] = []


class TaskError(Answered):
    """How the last attempt failed."""

    code: str
    message: str


class ProgressTold(Answered):
    """How far the work is, as its worker last told."""

    fraction: float
    message: str


class Task(Answered):
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


class Tasks(Answered):
    """The accepted tasks, in the order of the request."""

    tasks: list[Task]


class Page(Answered, Generic[Document]):
    """A part of a list; `next` and `previous` are the addresses of the parts around it."""

    results: list[Document]
    next: str | None
    previous: str | None


class LogEntry(Answered):
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


class Why(Answered):
    """What a task waits for, the nearest first."""

    id: UUID
    status: Status
    reasons: list[Reason]


class DryRun(Answered):
    """How many tasks a verb would reach."""

    verb: str
    dry_run: bool
    count: int


class Run(Answered):
    """One attempt at the work that a key stands for."""

    id: UUID
    run_key: str
    task_id: UUID
    attempt: int
    status: Literal["running", "completed", "failed"]
    started_at: datetime
    finished_at: datetime | None
    metadata: dict[str, Any]


class Metric(Answered):
    """A figure, or any JSON, that a task measured; no run where its type keeps none."""

    id: UUID
    run_id: UUID | None
    task_id: UUID
    name: str
    value: Any
    created_at: datetime


class Note(Answered):
    """A text that a task left; no run where its type keeps none."""

    id: UUID
    run_id: UUID | None
    task_id: UUID
    type: str
    content: str
    created_at: datetime


class RunInFull(Run):
    """A run with what it measured and noted, the oldest first."""

    metrics: list[Metric]
    notes: list[Note]


class TaskType(Answered):
    """A type of task, and how its tasks run unless they say otherwise."""

    type: str
    declared: bool = Field(description="By the tenant, for workers of its own; else there is a handler for it.")
    queue: str
    timeout_seconds: int
    max_timeout_seconds: int | None
    max_retries: int
    retry_base_seconds: float
    params_schema: dict[str, Any]


class LimitsUse(Answered):
    """What of the limits is used now."""

    window_seconds: int
    tasks_accepted: int | None = Field(description="Submissions in the window that ends now.")
    tasks_left: int | None


class Limits(Answered):
    """What holds for the tenant; no tasks_per_minute means no limit. A megabyte has 2**20 bytes."""

    task_max_runtime_seconds: int
    task_max_artifact_mb: int
    tasks_per_minute: int | None
    max_batch_size: int
    search_source_allowlist: list[str]
    search_max_results: int
    search_cache_ttl_seconds: int
    fetch_domain_allowlist: list[str]
    allowed_types: list[str]
    max_body_bytes: int
    max_wait_seconds: int
    use: LimitsUse


class TypeUsage(Answered):
    """What became of a type's tasks in the last hour."""

    type: str
    completed: int
    failed_tries: int
    dead_lettered: int
    cancelled: int
    average_wait_seconds: float | None
    average_run_seconds: float | None


class LastHour(Answered):
    """The last hour, by type and in all."""

    types: list[TypeUsage]
    completed: int
    dead_lettered: int
    success_rate: float | None


class Stats(Answered):
    """How many tasks are in each status, by queue and in all, about a second behind."""

    counts: dict[str, int]
    queues: dict[str, dict[str, int]]
    last_hour: LastHour


class Queue(Answered):
    """A queue at a glance."""

    name: str
    strategy: str
    paused_at: datetime | None
    counts: dict[str, int]
    oldest_wait_seconds: float | None
    live_workers: int


class HeldTask(Answered):
    """A task that a worker holds."""

    id: UUID
    type: str
    attempt: int
    started_at: datetime | None


class Worker(Answered):
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


class SecurityEvent(Answered):
    """A refusal."""

    id: UUID
    at: datetime
    tenant_id: UUID | None
    actor: str
    event: str
    detail: dict[str, Any]


class LeasedTask(Answered):
    """A task that the worker holds until `lease_expires_at`, unless it renews the lease."""

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
    lease_token: str = Field(description="Goes with every request about this attempt.")


class Claimed(Answered):
    """What was leased; empty where nothing was ready in time."""

    tasks: list[LeasedTask]


class LeaseKept(Answered):
    """The lease was renewed."""

    cancel_requested: bool = Field(description="Stop, and release the task: that cancels it.")
    lease_expires_at: datetime


class Settled(Answered):
    """What became of the task."""

    id: UUID
    status: Status
