"""Interrupting a handler: a signal to the main thread that names its attempt and raises inside the handler only."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # TaskContext imports this module before the models are ready
    from queueapp.tasks.attempt import AttemptKey

SIGNAL = signal.SIGUSR1


class Interrupted(BaseException):
    """Raised in the middle of a handler. A BaseException, so that `except Exception` does not swallow it."""

    reason = "interrupted"


class CancelRequested(Interrupted):
    """Somebody cancelled the task."""

    reason = "cancelled"


class SoftTimeLimit(Interrupted):
    """Five sixths of timeout_seconds have passed."""

    reason = "timed out"


class LeaseGone(Interrupted):
    """Another attempt may hold the task by now."""

    reason = "lease lost"


class Interrupter:
    """Made in the main thread; `interrupt` may be called from any other."""

    def __init__(self) -> None:
        self._main = threading.main_thread().ident or 0
        self._inside: AttemptKey | None = None
        self._wanted: tuple[AttemptKey, type[Interrupted]] | None = None
        signal.signal(SIGNAL, self._on_signal)

    @contextmanager
    def inside(self, attempt: "AttemptKey") -> Iterator[None]:
        """While the block runs, an interrupt of this attempt raises in it; of any other, never."""
        self._inside = attempt
        try:
            yield
        finally:
            self._inside = None

    def interrupt(self, attempt: "AttemptKey", cause: type[Interrupted]) -> None:
        """Ask the main thread to raise `cause`, should it still be inside this attempt's handler."""
        self._wanted = (attempt, cause)
        signal.pthread_kill(self._main, SIGNAL)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        wanted = self._wanted
        if wanted is not None and wanted[0] == self._inside:
            self._wanted = None
            raise wanted[1]
