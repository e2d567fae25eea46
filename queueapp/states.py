"""The task state machine: every status, and every move with who may make it. Pure Python.

The database holds the same table (schema/20_tasks.sql) and enforces it; a test keeps the two equal.
"""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    SCHEDULED = "scheduled"  # accepted, run_at lies ahead
    BLOCKED = "blocked"  # accepted, waits for tasks it depends on
    QUEUED = "queued"  # ready to be claimed
    LEASED = "leased"  # exactly one attempt holds a lease and is running or about to
    FAILED = "failed"  # the last attempt failed, the next is due at run_at
    COMPLETED = "completed"
    DEAD_LETTER = "dead_letter"
    CANCELLED = "cancelled"


class Who(StrEnum):
    """Who makes a move: the part of the actor before the colon."""

    CLIENT = "client"
    OPERATOR = "operator"
    WORKER = "worker"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Transition:
    source: Status | None  # None: the task is new
    target: Status
    who: Who
    reason: str


S, W = Status, Who

FINAL = frozenset({S.COMPLETED, S.DEAD_LETTER, S.CANCELLED})
WAITING = frozenset({S.SCHEDULED, S.BLOCKED, S.QUEUED, S.FAILED})
RETRYABLE = frozenset({S.DEAD_LETTER, S.FAILED, S.CANCELLED})
PEOPLE = (W.CLIENT, W.OPERATOR)

TRANSITIONS: frozenset[Transition] = frozenset(
    [
        *(Transition(None, to, who, "submit") for to in (S.SCHEDULED, S.BLOCKED, S.QUEUED) for who in PEOPLE),
        Transition(None, S.QUEUED, W.SYSTEM, "submit"),  # a slot of a schedule
        Transition(S.SCHEDULED, S.QUEUED, W.SYSTEM, "due"),
        Transition(S.FAILED, S.QUEUED, W.SYSTEM, "due"),
        Transition(S.BLOCKED, S.QUEUED, W.SYSTEM, "dependencies_completed"),
        Transition(S.BLOCKED, S.CANCELLED, W.SYSTEM, "dependency_failed"),
        Transition(S.QUEUED, S.LEASED, W.WORKER, "claim"),
        Transition(S.LEASED, S.COMPLETED, W.WORKER, "result"),
        Transition(S.LEASED, S.FAILED, W.WORKER, "error"),
        Transition(S.LEASED, S.DEAD_LETTER, W.WORKER, "error"),
        Transition(S.LEASED, S.QUEUED, W.WORKER, "released"),
        Transition(S.LEASED, S.SCHEDULED, W.WORKER, "later"),
        Transition(S.LEASED, S.CANCELLED, W.WORKER, "cancel"),
        Transition(S.LEASED, S.QUEUED, W.SYSTEM, "lease_expired"),
        Transition(S.LEASED, S.DEAD_LETTER, W.SYSTEM, "worker_crashed"),
        Transition(S.LEASED, S.CANCELLED, W.SYSTEM, "cancel"),
        *(Transition(source, S.CANCELLED, who, "cancel") for source in WAITING for who in PEOPLE),
        # a blocked or leased one that expires makes the system's or its worker's move above, and its log says `expired`
        *(Transition(source, S.CANCELLED, W.SYSTEM, "expired") for source in (S.SCHEDULED, S.QUEUED, S.FAILED)),
        *(Transition(source, S.QUEUED, who, "retry") for source in RETRYABLE for who in PEOPLE),
    ]
)

# What `status=` means to clients of earlier systems; `state=` takes the exact names.
STATUS_GROUPS: dict[str, frozenset[Status]] = {
    "pending": frozenset({S.SCHEDULED, S.BLOCKED, S.QUEUED}),
    "running": frozenset({S.LEASED}),
    "failed": frozenset({S.FAILED, S.DEAD_LETTER}),
}


def statuses_matching(name: str) -> frozenset[Status]:
    """The statuses that a `status=` filter selects. Raises ValueError for an unknown name."""
    return STATUS_GROUPS.get(name) or frozenset({Status(name)})
