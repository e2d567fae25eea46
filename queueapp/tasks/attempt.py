"""An attempt: one try at a task. The executor's steps, the hooks around them and the watchdog share this one object."""

import time
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import BaseModel

from queueapp.claiming import Claimed
from queueapp.handlers import Handler

AttemptKey = tuple[UUID, int]  # a task and the number of the attempt: what a lease is held for, and the fence

KILL_AFTER_SECONDS = 5.0  # beyond timeout_seconds, for a handler that does not obey its interrupt


@dataclass(slots=True)
class Attempt:
    """Made when a worker has claimed its task; gone when its outcome is known. Times are time.monotonic()."""

    task: Claimed
    worker_id: UUID
    handler: Handler
    params: BaseModel = field(init=False)  # validated by the executor, once
    started: float = field(init=False)
    progress: dict[str, object] | None = None  # what the handler reported and the database does not know yet
    cancel_requested: bool = False
    interrupted_at: float = float("-inf")
    run_seconds: float = 0.0  # in the handler itself, once it has ended
    soft_timeout_raised: bool = False

    @property
    def key(self) -> AttemptKey:
        return self.task.id, self.task.attempt

    @property
    def soft_deadline(self) -> float | None:
        """When SoftTimeout is raised in the handler, once; None where its type wants none."""
        soft = self.handler.soft_timeout_seconds
        return None if soft is None else self.started + soft

    @property
    def deadline(self) -> float:
        """When the handler is interrupted: it may run for all of timeout_seconds."""
        return self.started + self.task.timeout_seconds

    @property
    def kill_at(self) -> float:
        """When the process of a handler that has not obeyed is killed."""
        return self.deadline + KILL_AFTER_SECONDS

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.started
