"""Artifacts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from queueapp.rest.openapi.answers.common import ResponseModel


class Artifact(ResponseModel):
    """What a task left behind, without the bytes."""

    id: UUID
    task_id: UUID
    attempt: int = Field(description="The task's, when it was stored.")
    type: str
    content_type: str
    size_bytes: int
    sha256: str
    metadata: dict[str, Any]
    created_at: datetime
