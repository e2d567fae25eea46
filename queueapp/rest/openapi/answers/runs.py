"""Runs, metrics and notes."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from queueapp.rest.openapi.answers.common import ResponseModel


class Run(ResponseModel):
    """One attempt at the work that a key stands for."""

    id: UUID
    run_key: str
    task_id: UUID
    attempt: int
    status: Literal["running", "completed", "failed"]
    started_at: datetime
    finished_at: datetime | None
    metadata: dict[str, Any]


class Metric(ResponseModel):
    """A figure, or any JSON, that a task measured; no run where its type keeps none."""

    id: UUID
    run_id: UUID | None
    task_id: UUID
    name: str
    value: Any
    created_at: datetime


class Note(ResponseModel):
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
