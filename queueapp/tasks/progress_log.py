"""The lines that the life of a task leaves in the log of the process; failure_log.py has those of its failures.

Every move is in the task's history as well, written by the database. These are for whoever reads logs alone.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from django.db import transaction

from queueapp.tasks.failure_log import AttemptedTask, fields_of

logger = logging.getLogger(__name__)

_told_otherwise: ContextVar[bool] = ContextVar("told_otherwise", default=False)


@contextmanager
def told_otherwise() -> Iterator[None]:
    """Leave out the lines of submissions and cancels: for commands, which say themselves what they did."""
    token = _told_otherwise.set(True)
    try:
        yield
    finally:
        _told_otherwise.reset(token)


def log_enqueued(tenant_id: UUID, task_ids: Sequence[UUID], **about: Any) -> None:
    """Tasks were accepted: one line, however many they are."""
    _log_set("task_enqueued", task_ids, tenant_id=str(tenant_id), **about)


def log_cancel_requested(task_ids: Sequence[UUID]) -> None:
    """Somebody cancelled tasks, or asked for the end of running ones: one line, however many they are."""
    _log_set("task_cancel_requested", task_ids)


def log_expired(task_ids: Sequence[UUID]) -> None:
    """Tasks were cancelled since they had not started by their moments: one line, however many they are."""
    _log_set("task_expired", task_ids)


def log_requeued(task: AttemptedTask) -> None:
    """The attempt ended with its worker or its lease, and its task waits again."""
    logger.warning("queued again", extra={"event": "requeued_inflight", **fields_of(task)})


def _log_set(event: str, task_ids: Sequence[UUID], **about: Any) -> None:
    if not task_ids or not logger.isEnabledFor(logging.INFO) or _told_otherwise.get():
        return
    which = {"task_id": str(task_ids[0])} if len(task_ids) == 1 else {"tasks": len(task_ids)}
    # when it is true: a caller's transaction may still be rolled back
    transaction.on_commit(
        lambda: logger.info(event.replace("_", " "), extra={"event": event, **which, **about}), robust=True
    )
