"""What a handler is given: its task, and how to log, tell progress, attach artifacts and notice a cancel."""

from typing import Any
from uuid import UUID

from queueapp.artifacts.service import describe
from queueapp.artifacts.upload_buffer import Content
from queueapp.errors import LeaseLost
from queueapp.json_values import kept_json, storable_text
from queueapp.runs.recording import add_metric, add_note
from queueapp.tasks.leases import LOG_LEVELS, append_log
from queueapp.worker.attach import attach
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.interrupts import CancelRequested
from queueapp.worker.prefetch import Running


class TaskContext:
    """The running attempt, as its handler sees it. Everything it writes is refused once the lease is lost."""

    def __init__(self, running: Running, worker_id: UUID, background: BackgroundConnection) -> None:
        self._running = running
        self.worker_id = worker_id
        self._background = background

    @property
    def id(self) -> UUID:
        return self._running.task.id

    @property
    def type(self) -> str:
        return self._running.task.type

    @property
    def tenant(self) -> UUID:
        """The id of the tenant whose task this is; it is bound while the handler runs."""
        return self._running.task.tenant_id

    @property
    def attempt(self) -> int:
        """Grows at every claim; (id, attempt) is unique, so it may serve as a key for effects elsewhere."""
        return self._running.task.attempt

    def log(self, message: str, *, level: str = "info", **detail: Any) -> None:
        """Add a line to the task's log at once, in a transaction of its own; what JSON cannot carry is kept as text.

        Raises ValueError for an unknown level, LeaseLost when the attempt no longer holds the task.
        """
        if level not in LOG_LEVELS:
            raise ValueError(f"level must be one of {', '.join(LOG_LEVELS)}, not {level!r}")
        if not self._background.call(self._append_log, message, level, kept_json(detail)):
            raise LeaseLost(self.id, self.attempt)

    def metric(self, name: str, value: Any) -> None:
        """Keep a figure (or any JSON) of the task and of its run, if its type keeps runs; at once, as a log line.

        Raises ValueError for what cannot be kept, LeaseLost when the attempt no longer holds the task.
        """
        self._background.call(add_metric, self.worker_id, (self.id, self.attempt), name, value)

    def note(self, type: str, content: str) -> None:
        """Keep a text of the task and of its run, as `metric`. Raises ValueError, LeaseLost."""
        self._background.call(add_note, self.worker_id, (self.id, self.attempt), type, content)

    def progress(self, fraction: float, message: str = "") -> None:
        """Tell how far the work is, 0 to 1. Stored with the worker's next beat, at most a second later.

        Raises ValueError for a fraction that is none.
        """
        if not 0 <= fraction <= 1:
            raise ValueError(f"fraction must be between 0 and 1, not {fraction}")
        self._running.progress = {"fraction": round(float(fraction), 4), "message": storable_text(message)}

    def attach(self, type: str, content: Content, *, content_type: str, metadata: dict[str, Any] | None = None) -> UUID:
        """Keep bytes (or text, a file open for reading, an iterator of bytes) as an artifact; returns its id.

        Stored at once, by transactions of its own, also where the handler is transactional: what a failed attempt
        attached stays. Waits up to ten seconds for a store that is away.
        Raises LeaseLost when the attempt no longer holds the task, InvalidArtifact, ArtifactTooLarge, StoreUnavailable.
        """
        about = describe(type, content_type, metadata)
        return attach(self._background, self.worker_id, self._running.task, about, content)

    def check_cancelled(self) -> None:
        """Raise if the task is to stop: for loops that catch everything, or prefer to stop at a place of their own."""
        if self._running.asked_to_stop:
            raise CancelRequested

    def _append_log(self, message: str, level: str, detail: dict[str, Any]) -> bool:
        return append_log(self.worker_id, (self.id, self.attempt), level, message, detail)
