"""What a running attempt leaves behind, at once and over the background connection: log lines, figures, artifacts."""

from typing import Any
from uuid import UUID

from queueapp.artifacts.service import describe
from queueapp.artifacts.upload_buffer import Content
from queueapp.errors import LeaseLost
from queueapp.redaction import masked
from queueapp.runs.recording import add_metric, add_note
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.leases import append_log, log_line
from queueapp.worker.attach import attach
from queueapp.worker.background_connection import BackgroundConnection


class AttemptRecords:
    """Beside TaskContext and not in it, because handlers import that before the models are ready."""

    __slots__ = ("_attempt", "_background")

    def __init__(self, attempt: Attempt, background: BackgroundConnection) -> None:
        self._attempt = attempt
        self._background = background

    def log(self, message: str, level: str, detail: dict[str, Any]) -> None:
        # checked here, since the leases of this worker are renewed over the background connection, too
        line = log_line(level, message, detail, self._attempt.secrets)
        if not self._background.call(append_log, self._attempt.worker_id, self._attempt.key, line):
            raise LeaseLost(*self._attempt.key)

    def metric(self, name: str, value: Any) -> None:
        known = self._attempt.secrets
        self._background.call(add_metric, self._attempt.worker_id, self._attempt.key, name, value, known)

    def note(self, type: str, content: str) -> None:
        known = self._attempt.secrets
        self._background.call(add_note, self._attempt.worker_id, self._attempt.key, type, content, known)

    def attach(self, type: str, content: Content, content_type: str, metadata: dict[str, Any] | None) -> UUID:
        shown = masked(metadata, self._attempt.secrets)
        return attach(self._background, self._attempt, describe(type, content_type, shown), content)
