"""Rounds: a chore, pass after pass, by the one housekeeper that is elected."""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from django.db import connection

from queueapp.engine.housekeeping.chores import BATCH, EVER_SECONDS, Chore
from queueapp.ration import Ration
from queueapp.tenancy import system_scope

HOUSEKEEPER_LOCK = 0x7A5B0001  # any number that only this lock uses
MARGIN_SECONDS = 2.0  # a pass looks back beyond the one before it, for what was committed late
Answer = TypeVar("Answer")


class Rounds:
    """Runs a chore to the end of what there is, and looks no further back than needed."""

    def __init__(self, name: str, chore: Chore) -> None:
        self.name = name
        self._chore = chore
        self._ration = Ration()  # of looks from the very start
        self._began = float("-inf")

    def run(self) -> int | None:
        """Run the chore until it finds less than a batch. None where another session holds the lock."""
        began = time.monotonic()
        if self._ration.allows:
            with self._ration.look():
                done = self._finish(EVER_SECONDS)
        else:
            done = self._finish(began - self._began + MARGIN_SECONDS)
        self._began = began
        return done

    def _finish(self, seconds_back: float) -> int | None:
        total = 0
        while True:
            count = when_elected(partial(self._chore, seconds_back))
            if count is None:
                return None
            total += count
            if count < BATCH:
                return total


def when_elected(work: Callable[[], Answer]) -> Answer | None:
    """Do a piece of work in a transaction of its own. None where another session holds the lock."""
    with system_scope("housekeeper"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [HOUSEKEEPER_LOCK])
            if not (cursor.fetchone() or (False,))[0]:
                return None
        return work()
