"""The task that applies accepted changes."""

from pydantic import BaseModel, ConfigDict

from configapp.changes.accept import TASK_TYPE
from configapp.changes.apply import apply_changes
from queueapp.handlers import handler
from queueapp.worker.context import TaskContext

# a queue of its own: a change need not wait behind a backlog, and operators can hold changes back by pausing it
QUEUE = "config"


class NoParams(BaseModel):
    """The changes are found by the task's id, so there is nothing to forge and no value in a task's parameters."""

    model_config = ConfigDict(extra="forbid")


@handler(
    TASK_TYPE, params=NoParams, queue=QUEUE, timeout_seconds=60, max_retries=100, transactional=True, internal=True
)
def apply(task: TaskContext, params: NoParams) -> dict[str, object]:
    """Apply every change that was accepted up to this task's own."""
    return apply_changes(task.id)
