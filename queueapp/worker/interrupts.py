"""Interrupting a handler: a signal to the main thread that names its attempt and raises inside the handler only."""

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

from queueapp.worker import descendants

if TYPE_CHECKING:  # TaskContext imports this module before the models are ready
    from queueapp.tasks.attempt import AttemptKey

# nobody's: SIGUSR1 and SIGUSR2 are taken by faulthandler, profilers and whatever else a handler imports
SIGNAL = signal.SIGRTMAX


class Interrupted(BaseException):
    """Raised in the middle of a handler. A BaseException, so that `except Exception` does not swallow it."""

    reason = "interrupted"


class CancelRequested(Interrupted):
    """Somebody cancelled the task."""

    reason = "cancelled"


class TimeLimit(Interrupted):
    """timeout_seconds have passed. A process that has not obeyed a few seconds later is killed."""

    reason = "timed out"


class SoftTimeout(Interrupted):
    """The type's soft_timeout_seconds have passed: raised once, so that the handler may clean up and still return.

    An Interrupted like the others: an `except Exception` around one item of many, or in a library, would swallow an
    ordinary error and go on until the limit, while a handler that wants to know of it catches it by its name.
    """

    reason = "soft timeout"


class LeaseGone(Interrupted):
    """Another attempt may hold the task by now."""

    reason = "lease lost"


class DrainLimit(Interrupted):
    """The cluster ends, and the time that it gives to running tasks is over: the task is released."""

    reason = "released"


class Interrupter:
    """Made in the main thread; `interrupt` may be called from any other."""

    def __init__(self, is_alone: Callable[[], bool] = lambda: True) -> None:
        """`is_alone` tells whether the programs of this process are all the attempt's own."""
        self._is_alone = is_alone
        self._main = threading.main_thread().ident or 0
        self._inside: AttemptKey | None = None
        self._wanted: tuple[AttemptKey, type[Interrupted]] | None = None
        self._disobeyed: tuple[AttemptKey | None, int] = (None, 0)
        signal.signal(SIGNAL, self._on_signal)

    def enter(self, attempt: "AttemptKey") -> None:
        """From now until `leave` an interrupt of this attempt raises in the main thread; of any other, never."""
        self._inside = attempt

    def leave(self) -> None:
        """The handler is over. Called again by whoever caught its error: an interrupt may have struck in here."""
        self._inside = None

    def interrupt(self, attempt: "AttemptKey", cause: type[Interrupted]) -> None:
        """Ask the main thread to raise `cause`, should it still be inside this attempt's handler."""
        self._wanted = (attempt, cause)
        signal.pthread_kill(self._main, SIGNAL)
        if cause is not SoftTimeout:
            self._end_what_it_waits_for(attempt)

    def _end_what_it_waits_for(self, attempt: "AttemptKey") -> None:
        """os.system() waits for its program in C, so from the second time on the programs are told too."""
        told, times = self._disobeyed
        times = times + 1 if told == attempt else 0
        self._disobeyed = (attempt, times)
        if times and self._is_alone():
            descendants.signal_all(signal.SIGTERM if times == 1 else signal.SIGKILL)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        wanted = self._wanted
        if wanted is not None and wanted[0] == self._inside:
            self._wanted = None
            raise wanted[1]
