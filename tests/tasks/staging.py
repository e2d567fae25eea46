"""Staging of races: one session keeps its locks until another is seen waiting for them."""

from contextlib import contextmanager
from threading import Event

import pytest
from django.db import connection, transaction

from tests.waiting import PATIENCE_SECONDS, sessions_waiting_for_a_lock, threads, wait_until


class Undone(Exception):
    """Rolls back what was held open."""


@contextmanager
def held_open(run, work, *, rollback=False):
    """`work` done in another session, whose transaction stays open until the block ends."""
    done, release = Event(), Event()

    def hold():
        with transaction.atomic():
            work()
            done.set()
            assert release.wait(PATIENCE_SECONDS)
            if rollback:
                raise Undone

    holder = run(hold)
    try:
        wait_until(lambda: done.is_set() or holder.done())
        yield
    finally:
        release.set()
        if rollback:
            with pytest.raises(Undone):
                holder.result(PATIENCE_SECONDS)
        else:
            holder.result(PATIENCE_SECONDS)


def in_turn(first, second, *, rollback=False):
    """Do `first` and hold it open until `second` waits for it; returns what `second` came to after that."""
    with threads(2) as run:
        with held_open(run, first, rollback=rollback):
            later = run(second)
            wait_until(lambda: later.done() or sessions_waiting_for_a_lock())
            assert not later.done(), f"it did not wait: {later.result()}"
        return later.result(PATIENCE_SECONDS)


def meanwhile(first, second):
    """Do `first` and hold it open while `second`, which must not wait for it, runs to its end."""
    with threads(2) as run, held_open(run, first):
        return run(second).result(PATIENCE_SECONDS)


def take_a_snapshot():
    """Of the transaction that is open: as long as it is, nothing that is done from now on can be cleaned away."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT 1")
