"""A handler may call os.fork(). Its child is no worker: it writes nothing of the platform's, and leaves at once.

Whoever forks without exec inherits the worker's id, its connections and its signal handlers.
"""

import os
import signal
import sys
import traceback
from contextlib import suppress
from functools import cache
from typing import NoReturn

from django.db import connections

from queueapp.redaction import masked_text

IN_CHILD = (
    "This process was forked from its worker, and a TaskContext belongs to the worker alone. Hand what is to be kept"
    " back to it, e.g. through a pipe or multiprocessing."
)
CHANGED_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGRTMAX)

in_child = False  # read after each handler, so no call
_parents_connections: list[object] = []  # kept, so that nothing finalises them


@cache
def notice_forks() -> None:
    """Have processes that are forked from this one know that they are no worker."""
    os.register_at_fork(before=_hold_signals, after_in_parent=_let_signals_through, after_in_child=_become_child)


def refuse_in_child() -> None:
    """Raises RuntimeError in a forked child."""
    if in_child:
        raise RuntimeError(IN_CHILD)


def leave(error: BaseException | None = None) -> NoReturn:
    """End a child that came out of its handler, by a result or by `error`, as a program of its own would end."""
    code = 1
    with suppress(BaseException):  # the error's texts are the handler's own code
        code = _exit_code(error)
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def _exit_code(error: BaseException | None) -> int:
    if error is None:
        return 0
    if isinstance(error, SystemExit) and (error.code is None or isinstance(error.code, int)):
        return (error.code or 0) & 0xFF
    sys.stderr.write(masked_text("".join(traceback.format_exception(error))))
    return 1


def _hold_signals() -> None:
    """What is sent to a child before it has become one waits, or the worker's own handlers would swallow it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, CHANGED_SIGNALS)


def _let_signals_through() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, CHANGED_SIGNALS)


def _become_child() -> None:
    global in_child
    in_child = True
    for number in CHANGED_SIGNALS:  # or Process.terminate() would do nothing
        signal.signal(number, signal.SIG_DFL)
    _let_go_of_connections()
    _let_signals_through()


def _let_go_of_connections() -> None:
    """The child opens its own. Closing an inherited one properly would say goodbye in the parent's name."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None:
            _parents_connections.append(connection)
            with suppress(Exception):  # it has none: it was closed
                os.dup2(nowhere, connection.connection.fileno(), inheritable=False)
        del connections[connection.alias]
    os.close(nowhere)
