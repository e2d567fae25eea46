"""A task's story as steps: what happened, and how long it was waiting or running in between."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from queueapp.management.output import rfc3339, seconds
from queueapp.models import TaskLog
from queueapp.redaction import masked
from queueapp.states import Status
from queueapp.tasks import queries

# what a task does while it is in a status
DOING = {
    Status.SCHEDULED: "not due yet for",
    Status.BLOCKED: "blocked for",
    Status.QUEUED: "waited",
    Status.LEASED: "with a worker for",
    Status.FAILED: "waited to be retried for",
}


@dataclass(frozen=True, slots=True)
class Step:
    """An entry of the log, `seconds` after the first one; or (no entry) a stay of `seconds` in a status.

    Of a stay that ended an attempt it is known how long the handler itself ran.
    """

    seconds: float
    status: str
    entry: TaskLog | None = None
    run_seconds: float | None = None

    @property
    def text(self) -> str:
        if self.entry is None:
            return f"{'':38}{self.words}"
        return f"{rfc3339(self.entry.at)} {'+' + seconds(self.seconds):>12} {self.words}"

    @property
    def words(self) -> str:
        if self.run_seconds is not None:
            return f"ran {seconds(self.run_seconds)}"
        if self.entry is None:
            return f"{DOING.get(Status(self.status), f'was {self.status} for')} {seconds(self.seconds)}"
        return _what_happened(self.entry)

    @property
    def style(self) -> str:
        if self.entry is None:
            return "dim"
        return {"error": "red", "warning": "yellow"}.get(self.entry.level, "")

    def document(self) -> dict[str, Any]:
        entry = self.entry
        if entry is None:
            stay = {"kind": "stay", "status": self.status, "seconds": self.seconds}
            return {**stay, "run_seconds": self.run_seconds}
        return {
            "kind": entry.kind,
            "at": entry.at,
            "elapsed_seconds": self.seconds,
            "level": entry.level,
            "message": entry.message,
            "from_status": entry.from_status,
            "to_status": entry.to_status,
            "reason": entry.reason,
            "attempt": entry.attempt,
            "worker_id": entry.worker_id,
            "actor": entry.actor,
            "detail": masked(entry.detail),
        }


class Timeline:
    """Takes the log's entries, the oldest first, as they come."""

    def __init__(self) -> None:
        self._began: datetime | None = None
        self._status: str | None = None
        self._since: datetime | None = None

    def add(self, entry: TaskLog) -> list[Step]:
        """The entry's step; before a move, the stay that it ended."""
        self._began = self._began or entry.at
        steps: list[Step] = []
        if entry.to_status is not None:
            steps = [replace(stay, run_seconds=entry.run_seconds) for stay in self.so_far(entry.at)]
            self._status, self._since = entry.to_status, entry.at
        status = self._status or ""
        return [*steps, Step((entry.at - self._began).total_seconds(), status, entry)]

    def so_far(self, now: datetime) -> list[Step]:
        """The stay in the current status until a moment."""
        if self._status is None or self._since is None:
            return []
        return [Step(max(0.0, (now - self._since).total_seconds()), self._status)]


def whole_story(task_id: UUID, *, after: int = 0) -> Iterator[TaskLog]:
    """Every entry but the first `after`, page by page. Needs a scope all the while."""
    while page := queries.story(task_id, after=after):
        yield from page
        after += len(page)


def _what_happened(entry: TaskLog) -> str:
    if entry.to_status is None:
        return " ".join(filter(None, [f"{entry.level}:", entry.message, str(masked(entry.detail) or "")]))
    words = [f"{entry.from_status or 'new'} → {entry.to_status} ({entry.reason})"]
    if entry.attempt:
        words.append(f"attempt {entry.attempt}")
    words.append(f"by {entry.actor}")
    return ", ".join(words) + (f": {entry.message}" if entry.message else "")
