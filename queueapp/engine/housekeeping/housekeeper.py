"""The housekeeper of one cluster: every chore each pass, every pruner when it is due."""

import logging
import time
from collections.abc import Callable
from functools import partial

from queueapp.engine.housekeeping.chores import all_chores
from queueapp.engine.housekeeping.rounds import Rounds, when_elected
from queueapp.pruning import Pruner, registered_pruners

logger = logging.getLogger(__name__)

PRUNING_SECONDS = 0.2  # of one pruner in one pass: what moves by itself must not wait for what goes by age


class Housekeeper:
    """Runs each chore in short transactions of its own, and each pruner when it is due."""

    def __init__(self) -> None:
        self._rests_until: dict[str, float] = {}
        self._chores = [Rounds(name, chore) for name, chore in all_chores().items()]

    def run(self) -> dict[str, int]:
        """One pass. Returns what was done; empty where another cluster is the housekeeper."""
        now = time.monotonic()
        due = [each for each in registered_pruners() if now >= self._rests_until.get(each.name, float("-inf"))]
        steps: dict[str, Callable[[], int | None]] = {each.name: each.run for each in self._chores}
        steps |= {each.name: partial(self._prune, each) for each in due}
        done: dict[str, int] = {}
        for name, step in steps.items():
            count = step()
            if count is None:
                break
            done[name] = count
        return done

    def _prune(self, pruner: Pruner) -> int | None:
        """Batch after batch for a moment; where there may be more, the next pass goes on."""
        deadline = time.monotonic() + PRUNING_SECONDS
        total = 0
        while time.monotonic() < deadline:
            pruned = when_elected(pruner.function)
            if pruned is None:
                return None
            total += pruned.rows
            if not pruned.more:
                self._rests_until[pruner.name] = time.monotonic() + pruner.every_seconds
                break
        if total:
            logger.info("%s: %d rows", pruner.name, total, extra={"event": "pruned", "rows": total})
        return total


def run_once() -> dict[str, int]:
    """A pass now, pruning included."""
    return Housekeeper().run()
