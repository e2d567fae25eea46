"""The death of a worker: what it held is ended, in one transaction with the record that it died.

Everywhere tasks are locked before workers' rows, so that two who end the same worker do not block each other.
"""

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import transaction

from queueapp.claiming.claimer import LEASE_SECONDS
from queueapp.db import statements
from queueapp.fingerprints import digest
from queueapp.handlers import find_handler
from queueapp.models import Worker
from queueapp.models.base import Now
from queueapp.observers import Transition, report_on_commit
from queueapp.redis import notifier
from queueapp.retry_policy import retry_delay_seconds
from queueapp.states import Status
from queueapp.tasks.attempt import AttemptKey
from queueapp.tasks.failure_log import LoggedAttempt, log_failure
from queueapp.tasks.progress_log import log_requeued
from queueapp.tasks.settle import Outcome, OutcomeKind, failed, settle
from queueapp.tenancy import system_scope, worker_scope

SUSPECTED = "The worker died while it ran this task among others, and nobody knows over which. It runs alone next."
CRASHES = digest("worker_crashed", "")  # all of a type are of one kind


class Ending(StrEnum):
    """What a worker's death means for the attempt that it was executing."""

    CRASHED = "crashed"  # a crash, the third of which ends the task
    TIMED_OUT = "timed_out"  # the platform ended the process after the attempt's limit: a failure
    RELEASED = "released"  # the platform ended the process for reasons of its own: queued again, nothing counted
    UNCLEAR = "unclear"  # it died while several attempts ran: each of them may be why, and runs alone next


def end_worker(worker_id: UUID, *, blamed: AttemptKey | None, ending: Ending) -> None:
    """Record that a worker has died, and end what it held: `blamed` as `ending` says, all others are released.

    Whatever was settled, or is held by another attempt meanwhile, stays as it is; twice is as good as once. Raises
    DatabaseError when PostgreSQL does not answer: then nothing has changed.
    """
    with transaction.atomic():
        with worker_scope(worker_id):  # released and failed: its own moves, made in its name
            held = statements.rows("lock_leases", {"workers": [worker_id]})
            crashed = [row for row in held if ending is Ending.CRASHED and _key(row) == blamed]
            timed_out = blamed if ending is Ending.TIMED_OUT else None
            others = [row for row in held if row not in crashed]
            release = _suspected if ending is Ending.UNCLEAR else _released
            outcomes = [_timed_out(row) if _key(row) == timed_out else release(row) for row in others]
            settled = settle(worker_id, outcomes)
            for row in others:
                if _key(row) == timed_out and row["id"] in settled:
                    status = settled[row["id"]]
                    _log_on_commit(log_failure, row, status, "task_runtime_exceeded", _ran_too_long(row))
                elif settled.get(row["id"]) == Status.QUEUED:
                    _log_on_commit(log_requeued, row)
            notifier.notify_on_commit(row["queue"] for row in others if settled.get(row["id"]) == Status.QUEUED)
            record_stop([worker_id])
        with system_scope("custodian"):
            end_leases(crashed, counting=True)


def end_lost_workers(worker_ids: Collection[UUID]) -> None:
    """Workers have died and nobody knows what they executed: each task that they held gets a crash.

    In a system's scope.
    """
    end_leases(statements.rows("lock_leases", {"workers": list(worker_ids)}), counting=True)
    record_stop(worker_ids)


def end_leases(held: Sequence[dict[str, Any]], *, counting: bool) -> None:
    """Queue tasks again whose leases the caller has locked, `counting` each as a crash.

    A task whose cancel was asked for is cancelled, one with three crashes a dead letter. In a system's scope.
    """
    if not held:
        return
    parameters = {
        "ids": [row["id"] for row in held],
        "attempts": [row["attempt"] for row in held],
        "counting": counting,
        "digest": CRASHES,
    }
    moved = statements.rows("end_leases", parameters)
    notifier.notify_on_commit(row["queue"] for row in moved if row["status"] == Status.QUEUED)
    report_on_commit(Transition(row["id"], Status.LEASED, row["status"]) for row in moved)
    for row in moved:
        if row["status"] == Status.QUEUED:
            _log_on_commit(log_requeued, row)
        if row["status"] == Status.DEAD_LETTER:
            _log_on_commit(log_failure, row, row["status"], row["error_code"], row["error_message"])


def _log_on_commit(log: Callable[..., None], row: dict[str, Any], *about: str) -> None:
    """A line about the attempt of a row, once it is true: the transaction may be rolled back yet, and made again."""
    transaction.on_commit(lambda: log(LoggedAttempt.of_row(row), *about), robust=True)


def record_stop(worker_ids: Collection[UUID]) -> None:
    """Record that workers have ended."""
    Worker.objects.filter(id__in=worker_ids, stopped_at=None).update(stopped_at=Now())


def renew_all(worker_id: UUID) -> None:
    """Renew all that a living worker holds, and its heartbeat, in its name. Nothing for one that has stopped."""
    with worker_scope(worker_id):
        statements.rows("renew_leases_of_worker", {"worker_id": worker_id, "lease_seconds": LEASE_SECONDS})
        Worker.objects.filter(id=worker_id, stopped_at=None).update(heartbeat_at=Now())


def _key(row: dict[str, Any]) -> AttemptKey:
    return row["id"], row["attempt"]


def _released(row: dict[str, Any]) -> Outcome:
    return Outcome(*_key(row), OutcomeKind.RELEASED)


def _suspected(row: dict[str, Any]) -> Outcome:
    """Released as one that may be why its worker died: claims and workers go by the code, and have it run alone."""
    return failed(*_key(row), OutcomeKind.RELEASED, "worker_died", SUSPECTED)


def _timed_out(row: dict[str, Any]) -> Outcome:
    handler = find_handler(row["type"])
    failures = row["failures"] + 1
    delay = handler.retry_delay(failures) if handler else retry_delay_seconds(failures)
    # nobody knows how long its handler ran, so it is taken to have run as long as it held its lease
    return failed(*_key(row), OutcomeKind.ERROR, "task_runtime_exceeded", _ran_too_long(row), delay, run_seconds=None)


def _ran_too_long(row: dict[str, Any]) -> str:
    return f"It ran beyond its limit of {row['timeout_seconds']} s and did not stop, so its process was ended."
