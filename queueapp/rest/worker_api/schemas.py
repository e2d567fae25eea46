"""What the worker API takes and returns."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from queueapp.states import Status
from queueapp.tasks.settle import MAX_MESSAGE_CHARACTERS
from queueapp.validation import WHOLE, RequestModel, ResponseModel, Text
from queueapp.worker.context import MAX_PROGRESS_CHARACTERS

MAX_CLAIM = 100
MAX_WAIT_SECONDS = 30
DAY = 86_400.0

WorkerName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Message = Annotated[Text, StringConstraints(max_length=MAX_MESSAGE_CHARACTERS)]


class ClaimRequest(RequestModel):
    """How many tasks to lease at once, and how long to wait for the first."""

    worker: WorkerName = Field("worker", description="Names this process among those that share the key.")
    max: Annotated[int, Field(ge=1, le=MAX_CLAIM, strict=True), WHOLE] = 1
    wait_seconds: float = Field(0, ge=0, le=MAX_WAIT_SECONDS, strict=True)


class LeaseRequest(RequestModel):
    """What every request about a leased task carries."""

    lease_token: str = Field(
        pattern=r"^[0-9]{1,9}\.[A-Za-z0-9_.-]{1,64}$", description="As claim gave it out; good for one attempt."
    )

    @property
    def attempt(self) -> int:
        return int(self.lease_token.partition(".")[0])

    @property
    def worker(self) -> str:
        return self.lease_token.partition(".")[2]


class Progress(RequestModel):
    """How far the work is."""

    fraction: float = Field(ge=0, le=1, strict=True)
    message: Annotated[Text, StringConstraints(max_length=MAX_PROGRESS_CHARACTERS)] = ""


class HeartbeatRequest(LeaseRequest):
    """Keeps the lease, and may tell how far the work is."""

    progress: Progress | None = None


class LogLineRequest(LeaseRequest):
    """A line for the task's log."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    message: Message
    detail: dict[str, Any] = Field({}, description="Shown beside the line.")


class CompleteRequest(LeaseRequest):
    """What came out: any JSON."""

    result: Any = None


NEVER_RETRIED_LATER: dict[str, Any] = {
    "required": ["retryable", "retry_after_seconds"],
    "properties": {"retryable": {"const": False}, "retry_after_seconds": {"type": "number"}},
}


class FailRequest(LeaseRequest):
    """What went wrong, and whether another attempt may help."""

    model_config = ConfigDict(json_schema_extra={"not": NEVER_RETRIED_LATER})

    code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,100}$")] = "handler_error"
    message: Message = ""
    retryable: bool = Field(True, strict=True)
    retry_after_seconds: float | None = Field(
        None, ge=0, le=DAY, strict=True, description="Instead of the type's own delay."
    )

    @model_validator(mode="after")
    def _retried_at_all(self) -> Self:
        if self.retry_after_seconds is not None and not self.retryable:
            raise ValueError("retry_after_seconds needs retryable: true")
        return self


class ReleaseRequest(LeaseRequest):
    """Hands a task back unrun; it counts as no failure."""


class LeasedTask(ResponseModel):
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


class ClaimResponse(ResponseModel):
    """What was leased; empty where nothing was ready in time."""

    tasks: list[LeasedTask]


class HeartbeatResponse(ResponseModel):
    """The lease was renewed."""

    cancel_requested: bool = Field(description="Stop, and release the task: that cancels it.")
    lease_expires_at: datetime


class SettledResponse(ResponseModel):
    """What became of the task."""

    id: UUID
    status: Status
