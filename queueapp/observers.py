"""Observers: functions that are called with the moves that this process makes, once they are committed."""

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

logger = logging.getLogger(__name__)


class Transition(NamedTuple):
    """One move of a task."""

    task_id: UUID
    from_status: str
    to_status: str


Observer = Callable[[list[Transition]], None]

_observers: list[Observer] = []


def on_transition(observer: Observer) -> Observer:
    """Register a function that is called with transitions, all those of one statement at a time.

        @on_transition
        def count_dead_letters(moves: list[Transition]) -> None:
            statsd.incr("dead", sum(move.to_status == "dead_letter" for move in moves))

    It is called after the commit, in the process that made the move: a claim, an attempt's outcome or release, cancel,
    retry and redrive (one by one or in bulk), and what maintenance does (due tasks queued, expired leases taken back).
    It is not called for a submit, nor for moves by raw SQL or another program, nor where the process dies in
    between: what must not be missed is read from the task's log. What it raises is logged and breaks nothing. The
    caller waits for it, so keep it short.
    """
    _observers.append(observer)
    return observer


def report_on_commit(moves: Iterable[Transition]) -> None:
    """Call the observers when the current transaction commits, or at once outside one. Free without observers."""
    if _observers and (made := list(moves)):
        transaction.on_commit(lambda: _report(made))


def _report(moves: list[Transition]) -> None:
    for observer in _observers:
        try:
            observer(moves)
        except Exception:
            logger.exception("an observer of transitions failed", extra={"event": "hook_failed"})
