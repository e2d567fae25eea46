"""The story of a task as people read it: how long it was in which state, and what each attempt did."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from queueapp.fingerprints import is_own
from queueapp.models import Task, TaskLog
from queueapp.states import FINAL, Status

MOST_SPANS = 60
WIDTH = 1_000  # of the whole timeline, in units of its pictures
DOING = {
    Status.SCHEDULED: "not due yet",
    Status.BLOCKED: "blocked",
    Status.QUEUED: "waited",
    Status.FAILED: "backoff",
}
FRAME = re.compile(r'^ +File "([^"\n]+)", line \d+, in .*(?:\n {4,}.*)*', re.M)


@dataclass(frozen=True, slots=True)
class Span:
    """A stay in one state. `x` and `width` say where it lies in the whole, of 1,000; `look` is its class in CSS."""

    words: str
    look: str
    seconds: float
    x: int
    width: int


@dataclass(slots=True)
class Attempt:
    """One try. `outcome` is the state that it led to; empty while it runs."""

    number: int
    worker_id: UUID | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    reason: str = ""
    message: str = ""
    exception_class: str = ""
    traceback: str = ""
    run_seconds: float | None = None
    lines: list[TaskLog] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return self.outcome in (Status.FAILED, Status.DEAD_LETTER)

    @property
    def own_frames(self) -> str:
        """The frames of its traceback that are the project's own."""
        return "\n".join(found[0] for found in FRAME.finditer(self.traceback) if is_own(found[1]))


def spans(entries: Sequence[TaskLog], now: datetime) -> list[Span]:
    """The stays between the moves of a story, the newest 60; the last one lasts until now where it is not final."""
    moves = [entry for entry in entries if entry.to_status is not None][-MOST_SPANS - 1 :]
    if not moves:
        return []
    ends = [*(move.at for move in moves[1:]), max(now, moves[-1].at)]
    first = moves[0].at
    is_over = moves[-1].to_status in FINAL
    whole = max(((moves[-1].at if is_over else ends[-1]) - first).total_seconds(), 0.001)
    found = []
    for place, (move, end) in enumerate(zip(moves, ends, strict=True)):
        if move.to_status in FINAL and place == len(moves) - 1:
            break
        seconds = max(0.0, (end - move.at).total_seconds())
        led_to = moves[place + 1].to_status if place + 1 < len(moves) else None
        x = min(WIDTH - 2, round(WIDTH * (move.at - first).total_seconds() / whole))
        width = max(2, min(WIDTH - x, round(WIDTH * seconds / whole)))
        found.append(Span(_words(move), _look(move, led_to), seconds, x, width))
    return found


def _words(move: TaskLog) -> str:
    status = Status(move.to_status or "")
    return f"attempt {move.attempt}" if status == Status.LEASED else DOING.get(status, f"was {status}")


def _look(move: TaskLog, led_to: str | None) -> str:
    if move.to_status == Status.LEASED and led_to in (Status.FAILED, Status.DEAD_LETTER):
        return "failures"
    return str(move.to_status)


def attempts(task: Task, entries: Sequence[TaskLog]) -> list[Attempt]:
    """The tries that a story tells of, the newest first."""
    found: dict[int, Attempt] = {}
    for entry in entries:
        begins, ends = entry.to_status == Status.LEASED, entry.from_status == Status.LEASED
        if not (begins or ends or entry.kind == TaskLog.Kind.LOG):
            continue
        attempt = found.setdefault(entry.attempt, Attempt(entry.attempt))
        attempt.worker_id = entry.worker_id or attempt.worker_id
        if begins:
            attempt.started_at = entry.at
        elif ends:
            _end(attempt, entry)
        else:
            attempt.lines.append(entry)
    return [found[number] for number in sorted(found, reverse=True)]


def _end(attempt: Attempt, entry: TaskLog) -> None:
    attempt.ended_at, attempt.outcome, attempt.reason = entry.at, entry.to_status or "", entry.reason
    attempt.message, attempt.run_seconds = entry.message, entry.run_seconds
    if isinstance(entry.detail, dict):
        attempt.exception_class = str(entry.detail.get("exception_class", ""))
        attempt.traceback = str(entry.detail.get("traceback", ""))
