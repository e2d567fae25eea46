"""What a handler started and left running ends with its attempt: programs, forked children, and their children."""

import ctypes
import os
import signal
import time
from contextlib import suppress
from multiprocessing import forkserver, resource_tracker
from typing import Any, cast

import psutil

PR_SET_CHILD_SUBREAPER = 36
TERMINATED_SECONDS = 1.0  # how long processes may take to end after SIGTERM, and again after SIGKILL
LOOK_AGAIN_SECONDS = 0.01
ANY_STATE = os.WEXITED | os.WNOHANG | os.WNOWAIT  # look only: neither wait for one nor reap it

_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent has died, so that none is out of sight."""
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def exist() -> bool:
    """Whether this process has a child, running or not waited for."""
    try:
        os.waitid(os.P_ALL, 0, ANY_STATE)
    except ChildProcessError:
        return False
    return True


def end() -> list[str]:
    """End all descendants of this process: SIGTERM, then SIGKILL. Returns the names of those that still ran.

    Raises TimeoutError where some do not die.
    """
    names: list[str] = []
    helpers = _let_helpers_go()
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + TERMINATED_SECONDS
        signalled: set[int] = set()
        while exist():
            for process in _running():
                if process.pid not in signalled:  # others may appear while the first ones end
                    signalled.add(process.pid)
                    names += [_name(process)] if number == signal.SIGTERM and process.pid not in helpers else []
                    _send(process, number)
            _reap()
            if time.monotonic() > deadline:
                break
            time.sleep(LOOK_AGAIN_SECONDS)
    if exist():
        raise TimeoutError(f"{', '.join(names)} cannot be killed")
    return names


def _let_helpers_go() -> set[int]:
    """Have multiprocessing forget the processes that serve it, or it would ask for them again; returns their ids.

    The resource tracker ignores SIGTERM. Once nobody holds its pipe it frees what the attempt forgot, and ends.
    """
    tracker, server = cast(Any, resource_tracker)._resource_tracker, cast(Any, forkserver)._forkserver
    helpers = {tracker._pid, server._forkserver_pid} - {None}
    for pipe in {tracker._fd, server._forkserver_alive_fd} - {None}:
        os.close(pipe)
    tracker._fd = tracker._pid = None
    server._forkserver_alive_fd = server._forkserver_pid = server._forkserver_address = None
    return helpers


def signal_all(number: int) -> None:
    """Send a signal to all descendants of this process, from any thread; waits for nothing."""
    for process in _running():
        _send(process, number)


def _running() -> list[psutil.Process]:
    return [process for process in psutil.Process().children(recursive=True) if not _is_zombie(process)]


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.Error:
        return str(process.pid)


def _send(process: psutil.Process, number: int) -> None:
    with suppress(psutil.Error):
        process.send_signal(number)
        if number == signal.SIGTERM:
            process.send_signal(signal.SIGCONT)  # one that is stopped hears it no sooner


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
