"""What became of a task, in Celery's words."""

import time
from typing import TYPE_CHECKING, Any
from uuid import UUID

from queueapp import cancel, get_task
from queueapp.errors import TaskNotFound
from queueapp.states import FINAL, Status

if TYPE_CHECKING:
    from queueapp.models import Task

POLL_SECONDS = 0.1
STATES = {
    Status.LEASED: "STARTED",
    Status.FAILED: "RETRY",
    Status.COMPLETED: "SUCCESS",
    Status.DEAD_LETTER: "FAILURE",
    Status.CANCELLED: "REVOKED",
}


class TaskFailed(Exception):
    """The task whose result was asked for is a dead letter, or was cancelled; the message is its error's."""


class AsyncResult:
    """A task by its id; each question reads its row, of the bound tenant. An unknown id is PENDING, as in Celery."""

    def __init__(self, id: str | UUID) -> None:
        self.id = str(id)

    def __str__(self) -> str:
        return self.id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AsyncResult) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def task_id(self) -> str:
        return self.id

    @property
    def status(self) -> str:
        """PENDING, STARTED, RETRY, SUCCESS, FAILURE or REVOKED."""
        row = self._row()
        return STATES.get(Status(row.status), "PENDING") if row else "PENDING"

    state = status

    @property
    def result(self) -> Any:
        """What the task returned, as JSON; a TaskFailed where it failed; None before its end."""
        row = self._row()
        if row is None or row.status not in FINAL:
            return None
        return row.result if row.status == Status.COMPLETED else TaskFailed(row.error_message or row.status)

    def ready(self) -> bool:
        row = self._row()
        return row is not None and row.status in FINAL

    def successful(self) -> bool:
        return self.status == "SUCCESS"

    def failed(self) -> bool:
        return self.status == "FAILURE"

    def get(self, timeout: float | None = None) -> Any:
        """Wait for the end, at most `timeout` seconds, and return the result. Raises TaskFailed, TimeoutError.

        Inside the transaction that submitted the task it would wait for ever: no worker sees it yet.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while not self.ready():
            if until is not None and time.monotonic() >= until:
                raise TimeoutError(f"Task {self.id} has not ended after {timeout:g} s.")
            time.sleep(POLL_SECONDS)
        result = self.result
        if isinstance(result, TaskFailed):
            raise result
        return result

    def revoke(self, *, terminate: bool = False) -> None:
        """Cancel the task; where it runs, its worker stops it, whether or not `terminate` asks for that."""
        cancel(UUID(self.id))

    def _row(self) -> "Task | None":
        try:
            return get_task(UUID(self.id))
        except (ValueError, TaskNotFound):
            return None
