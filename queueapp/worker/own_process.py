"""The worker's own process: made fit to run handlers at its start, and put in order after each of them."""

import logging
import multiprocessing
import time
from typing import Any, cast

from queueapp.tasks.attempt import Attempt
from queueapp.worker import descendants, forked
from queueapp.worker.left_threads import LeftThreads
from queueapp.worker.process_state import ProcessState, end_timers, set_signal_handlers

logger = logging.getLogger(__name__)

TINY_SECONDS = 0.00005  # nobody starts a process in less, and to look for one takes longer than a tiny task may cost


class OwnProcess:
    """Made once, by the main thread of a worker, after whatever else sets signal handlers."""

    def __init__(self) -> None:
        set_signal_handlers()
        forked.notice_forks()
        descendants.adopt_orphans()
        _allow_multiprocessing()
        self.unfit: str | None = None  # why the process must be replaced
        self._state = ProcessState()
        self._threads = LeftThreads()
        self._reported: set[str] = set()  # types

    def put_in_order(self, attempt: Attempt, *, alone: bool) -> None:
        """End and put back what the attempt left. Raises nothing: what cannot be done makes the process unfit.

        Programs and threads only where it was `alone`: others' are not known from its own.
        """
        try:
            left = self._state.restore()
            if time.monotonic() - attempt.started > TINY_SECONDS:
                left += end_timers()
                if alone and descendants.exist():
                    left += [f"the program {name}" for name in descendants.end()]
            threads = self._threads.find() if alone else []
        except BaseException as error:  # even of a signal handler that the attempt left
            self.unfit = f"what a handler of {attempt.task.type} left cannot be put in order: {type(error).__name__}"
            logger.warning(self.unfit, exc_info=error, extra=self._about(attempt))
            return
        if threads:
            self.unfit = f"a handler of {attempt.task.type} left threads running: {', '.join(threads)}"
            logger.warning(self.unfit, extra=self._about(attempt))
        if left and attempt.task.type not in self._reported:
            self._reported.add(attempt.task.type)
            what = ", ".join(left)
            logger.warning("%s left behind: %s", attempt.task.type, what, extra=self._about(attempt))

    def _about(self, attempt: Attempt) -> dict[str, str]:
        return {"event": "handler_left_state", "task_id": str(attempt.task.id)}


def _allow_multiprocessing() -> None:
    """django-q2 makes its workers daemonic, and multiprocessing refuses children to those.

    It does so because they might outlive their parent; ours do not: they end with their attempt, and die with the
    worker.
    """
    cast(Any, multiprocessing.current_process())._config["daemon"] = False
