"""What workers are told about the tasks that they lease."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from queueapp.rest.openapi.answers.common import ResponseModel
from queueapp.states import Status


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


class Claimed(ResponseModel):
    """What was leased; empty where nothing was ready in time."""

    tasks: list[LeasedTask]


class LeaseKept(ResponseModel):
    """The lease was renewed."""

    cancel_requested: bool = Field(description="Stop, and release the task: that cancels it.")
    lease_expires_at: datetime


class Settled(ResponseModel):
    """What became of the task."""

    id: UUID
    status: Status
