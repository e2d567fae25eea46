"""The families' lines in the log of the process: an event by its name, and the task that it is about."""

import logging
from typing import Any

from queueapp.worker.context import TaskContext

logger = logging.getLogger(__name__)


def log_event(event: str, task: TaskContext, **detail: Any) -> None:
    logger.info(event.replace("_", " "), extra={"event": event, "task_id": str(task.id), **detail})
