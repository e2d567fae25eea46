"""The line that a failed attempt leaves in the log of the process: an ERROR for a dead letter, else a WARNING."""

import logging
from typing import Any, NamedTuple, Protocol, Self
from uuid import UUID

from queueapp.states import Status

logger = logging.getLogger(__name__)


class AttemptedTask(Protocol):
    """A claimed task, or a row of the table."""

    @property
    def id(self) -> UUID: ...
    @property
    def tenant_id(self) -> UUID: ...
    @property
    def type(self) -> str: ...
    @property
    def attempt(self) -> int: ...


def fields_of(task: AttemptedTask) -> dict[str, str | int]:
    """What a record says of the attempt that it is about."""
    return {
        "task_id": str(task.id),
        "tenant_id": str(task.tenant_id),
        "task_type": task.type,
        "attempt": task.attempt,
    }


def log_failure(task: AttemptedTask, status: str, code: str, message: str, error: BaseException | None = None) -> None:
    """Tell that an attempt has failed, and whether its task is thereby dead; `error` brings its traceback along."""
    dead = status == Status.DEAD_LETTER
    logger.log(
        logging.ERROR if dead else logging.WARNING,
        "%s: %s",
        "dead letter" if dead else "failed",
        message,
        exc_info=error,
        extra={
            "event": "task_state",
            "from_status": str(Status.LEASED),
            "to_status": str(status),
            "error_code": code,
            **fields_of(task),
        },
    )


class LoggedAttempt(NamedTuple):
    """What a statement's row tells of an attempt."""

    id: UUID
    tenant_id: UUID
    type: str
    attempt: int

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> Self:
        return cls(row["id"], row["tenant_id"], row["type"], row["attempt"])
