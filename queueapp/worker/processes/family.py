"""The processes of a cluster as parents and children: die together, kill with all below, reap."""

import ctypes
import os
import signal
import threading
from contextlib import suppress

from queueapp.process_identity import read_stat

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_forking = threading.local()


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that forked it dies, however it dies."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def die_with(parent: int) -> None:
    """As die_with_parent, where the parent may have died before it was asked for."""
    die_with_parent()
    if os.getppid() != parent:
        os._exit(1)


def children_die_with_us() -> None:
    """Have whatever is forked from here on die with its parent, workers' own children included.

    To the kernel the parent is the thread that forked. What a handler forks in a thread of its own must outlive that
    thread, so it is left out: kill_tree and kill_orphans find it.
    """
    os.register_at_fork(before=_note_parent, after_in_child=_die_with_main_thread)


def _note_parent() -> None:
    _forking.parent = os.getpid()
    _forking.is_main = threading.get_native_id() == os.getpid()


def _die_with_main_thread() -> None:
    if _forking.is_main:
        die_with(_forking.parent)


def kill_tree(pid: int) -> None:
    """Kill a process and all below it, also those that made a session of their own."""
    for each in [pid, *descendants(pid)]:
        # it went by itself; or it acts as somebody else, as with sudo
        with suppress(ProcessLookupError, PermissionError):
            os.kill(each, signal.SIGKILL)


def kill_orphans(*, spared: set[int]) -> None:
    """Kill the children of this process that came to it from parents that died, with all below them."""
    for pid in children(os.getpid()):
        if pid not in spared:
            kill_tree(pid)


def reap(*, spared: int) -> None:
    """Let go of children that have ended, but for one that others wait for."""
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) and ended.si_pid != spared:
            os.waitpid(ended.si_pid, 0)


def children(pid: int) -> list[int]:
    """The processes that have this one as their parent."""
    return _by_parent().get(pid, [])


def descendants(pid: int) -> list[int]:
    """The processes below one, in whatever session."""
    by_parent = _by_parent()
    found = [pid]
    for each in found:  # grows while it is walked
        found += by_parent.get(each, [])
    return found[1:]


def _by_parent() -> dict[int, list[int]]:
    by_parent: dict[int, list[int]] = {}
    for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))):
        if stat := read_stat(pid):
            by_parent.setdefault(stat.parent, []).append(pid)
    return by_parent
