"""What a handler may change in its process and the next tenant's would find: looked at and put back after each one.

Context variables need no looking: each attempt runs in a copy of them (see `clean_context`).
"""

import contextvars
import os
import signal
import socket
import time
from _signal import getsignal  # type: ignore[import-not-found]
from types import FrameType
from typing import Any, cast

from queueapp.worker.interrupts import SIGNAL

# As plain numbers, and asked of _signal: what the module `signal` makes enums of costs ten times as much.
WATCHED_SIGNALS = tuple(
    int(number)
    for number in (
        SIGNAL,
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGPIPE,
        signal.SIGCHLD,
        signal.SIGALRM,
        signal.SIGVTALRM,
        signal.SIGPROF,
    )
)
TIMERS = {
    signal.SIGALRM: signal.ITIMER_REAL,
    signal.SIGVTALRM: signal.ITIMER_VIRTUAL,
    signal.SIGPROF: signal.ITIMER_PROF,
}


def set_signal_handlers() -> None:
    """Python functions that do nothing, where SIG_IGN would be handed on to every program that a handler starts."""
    for number in (signal.SIGTERM, signal.SIGINT):  # a worker hears of its end through shared memory
        signal.signal(number, _ignore)
    for number in TIMERS:
        signal.signal(number, _end_timer)


def end_timers() -> list[str]:
    """End what runs of them; returns their names. One that is overlooked ends when it is due, in `_end_timer`."""
    running = [number for number, timer in TIMERS.items() if signal.getitimer(timer)[0]]
    for number in running:
        signal.setitimer(TIMERS[number], 0)
    return [f"timer of {number.name}" for number in running]


def _ignore(signum: int, frame: FrameType | None) -> None:
    pass


def _end_timer(signum: int, frame: FrameType | None) -> None:
    """A timer outlived its handler: by itself it would end the process."""
    signal.setitimer(TIMERS[signal.Signals(signum)], 0)


def clean_context() -> contextvars.Context:
    """The context variables as they are: translation, time zone and whatever libraries keep in them.

    Without that of `decimal`: its value is an object that would be changed in place, so each attempt makes its own.
    """
    clean = contextvars.Context()
    for variable, value in contextvars.copy_context().items():
        if variable.name != "decimal_context":
            clean.run(variable.set, value)
    return clean


class ProcessState:
    """Signal handlers, environment, working directory, umask and the default timeout of sockets.

    Made in the main thread, when the process has them as they shall stay.
    """

    def __init__(self) -> None:
        self._signals = tuple(map(getsignal, WATCHED_SIGNALS))
        self._environ = cast(Any, os.environ)  # the object: a handler may put another in its place
        self._variables = dict(self._environ._data)
        self._umask = os.umask(0o22)
        os.umask(self._umask)
        self._directory = os.getcwd()
        self._directory_fd = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._timeout = socket.getdefaulttimeout()

    def restore(self) -> list[str]:
        """Put back what was changed; returns the names of that."""
        umask = os.umask(self._umask)
        if (
            umask == self._umask
            and self._environ._data == self._variables
            and os.environ is self._environ
            and tuple(map(getsignal, WATCHED_SIGNALS)) == self._signals
            and socket.getdefaulttimeout() == self._timeout
            and self._is_in_place()
        ):
            return []
        changed = ["umask"] if umask != self._umask else []
        return changed + self._put_back()

    def _put_back(self) -> list[str]:
        changed = self._put_back_signals()
        if self._environ._data != self._variables or os.environ is not self._environ:
            self._put_back_environment()
            changed.append("environment")
        if socket.getdefaulttimeout() != self._timeout:
            socket.setdefaulttimeout(self._timeout)
            changed.append("default timeout of sockets")
        if not self._is_in_place():
            os.fchdir(self._directory_fd)
            changed.append("working directory")
        return changed

    def _put_back_signals(self) -> list[str]:
        changed = []
        for number, wanted in zip(WATCHED_SIGNALS, self._signals, strict=True):
            if getsignal(number) != wanted:
                signal.signal(number, wanted)
                changed.append(f"handler of {signal.Signals(number).name}")
        return changed + (end_timers() if changed else [])

    def _put_back_environment(self) -> None:
        os.environ = self._environ  # noqa: B003 (the very object that it was)
        for name in self._environ._data.keys() - self._variables.keys():
            del os.environ[os.fsdecode(name)]
        for name, value in self._variables.items():
            if self._environ._data.get(name) != value:
                os.environ[os.fsdecode(name)] = os.fsdecode(value)
        time.tzset()  # TZ may be among them

    def _is_in_place(self) -> bool:
        try:
            return os.getcwd() == self._directory
        except OSError:  # it was deleted
            return False
