"""Which task a line in the log of the process is about: every line written while a handler runs says so."""

import logging
import threading
from collections.abc import Callable

from queueapp.tasks.attempt import Attempt
from queueapp.tasks.failure_log import fields_of

PLATFORM_THREADS = ("background", "watchdog")  # what they log is not the handler's


class AttemptFilter(logging.Filter):
    """Adds task_id, tenant_id, task_type and attempt to records of the running attempt, threads of its own included.

    A filter of handlers, since what a record factory sets, `extra` may not name: `logger.info(…, extra={"task_id": …})`
    would raise. It passes every record.
    """

    def __init__(self, running: Callable[[], Attempt | None]) -> None:
        super().__init__()
        self._running = running

    def filter(self, record: logging.LogRecord) -> bool:
        attempt = self._running()
        if attempt is not None and not threading.current_thread().name.startswith(PLATFORM_THREADS):
            for name, value in fields_of(attempt.task).items():
                record.__dict__.setdefault(name, value)
        return True


def add_to_handlers(added: logging.Filter) -> None:
    """Add a filter to every handler that any logger of this process has."""
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):  # a placeholder has none
            handler.addFilter(added)
