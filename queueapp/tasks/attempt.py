"""An attempt: one try at a task. The executor's steps, the hooks around them and the watchdog share this one object."""

import time
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import BaseModel

from queueapp.claiming import Claimed
from queueapp.handlers import Handler
from queueapp.redaction import secret_values

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
    lost: bool = False  # the lease is gone: others may hold the task
    interrupted_at: float = float("-inf")
    run_seconds: float = 0.0  # in the handler itself, once it has ended
    soft_timeout_raised: bool = False
    held_up_seconds: float = 0.0  # by another that kept the event loop, which is none of its own time
    _secrets: tuple[str, ...] | None = field(default=None, init=False, repr=False)

    @property
    def key(self) -> AttemptKey:
        return self.task.id, self.task.attempt

    @property
    def secrets(self) -> tuple[str, ...]:
        """What its parameters call secret, looked up when the first text is to be masked."""
        if self._secrets is None:
            self._secrets = secret_values(self.task.params)
        return self._secrets

    @property
    def soft_deadline(self) -> float | None:
        """When SoftTimeout is raised in the handler, once; None where its type wants none."""
        soft = self.handler.soft_timeout_seconds
        return None if soft is None else self.started + self.held_up_seconds + soft

    @property
    def deadline(self) -> float:
        """When the handler is interrupted: it may run for all of timeout_seconds."""
        return self.started + self.held_up_seconds + self.task.timeout_seconds

    @property
    def kill_at(self) -> float:
        """When its process is ended, should the handler not have obeyed."""
        return self.deadline + KILL_AFTER_SECONDS

    @property
    def has_expired(self) -> bool:
        """Whether it may not start any more: it was claimed in time, and waited behind others of its batch."""
        return self.task.start_before is not None and time.monotonic() >= self.task.start_before

    @property
    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self.started
