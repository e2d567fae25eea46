"""Which task a line in the log of the process is about: every line written while a handler runs says so.

And what else reaches that log: the failures of threads, which Python would print as they are, secrets included.
"""

import logging
import threading
from collections.abc import Callable, Collection

from queueapp.log_fields import FieldsFilter
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.failure_log import fields_of
from queueapp.worker.asynchronous import event_loop, lent_threads
from queueapp.worker.context import running_attempt
from queueapp.worker.prefetch import PrefetchBuffer

logger = logging.getLogger(__name__)

PLATFORM_THREADS = ("background", "watchdog", event_loop.NAME, lent_threads.NAME)  # what they log is not the handler's


class AttemptFilter(FieldsFilter):
    """Adds task_id, tenant_id, task_type and attempt to records of the running attempt, threads of its own included."""

    def __init__(self, in_main_thread: Callable[[], Attempt | None]) -> None:
        super().__init__(self._of_attempt)
        self._in_main_thread = in_main_thread

    def _of_attempt(self) -> dict[str, str | int]:
        if (attempt := running_attempt()) is not None:
            return fields_of(attempt.task)
        attempt = self._in_main_thread()
        if attempt is None or threading.current_thread().name.startswith(PLATFORM_THREADS):
            return {}
        return fields_of(attempt.task)


def secrets_here(buffer: PrefetchBuffer) -> Collection[str]:
    """What a line must not tell: the secrets of its attempt, or, where it may be anybody's, those of all that run."""
    if (attempt := running_attempt()) is not None:
        return attempt.secrets
    if not buffer.concurrent:
        return buffer.running.secrets if buffer.running is not None else ()
    return {secret for each in buffer.started() for secret in each.secrets}


def log_failures_of_threads() -> None:
    """From now on, in this process."""
    threading.excepthook = _log_failure


def _log_failure(failure: threading.ExceptHookArgs) -> None:
    if failure.exc_value is None or failure.exc_type is SystemExit:
        return
    name = failure.thread.name if failure.thread else "?"
    logger.error("thread %s failed", name, exc_info=failure.exc_value, extra={"event": "thread_failed"})
