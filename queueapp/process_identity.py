"""Which process a process is, told by what no clock moves: the machine, the process id, and the ticks at its start.

The machine is a boot of a kernel and a namespace of process ids, so that containers of one host name are told apart.
The ticks are those of the kernel since that boot: a process id that was given out again has others.
"""

import os
from functools import cache
from pathlib import Path

PROC = Path("/proc")
STATE, START_TICKS = 0, 19  # among the fields of /proc/<pid>/stat that follow the process's name
ENDED_STATES = ("Z", "X")


@cache
def machine() -> str:
    """Names the kernel and the process namespace that we run in."""
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{os.stat(PROC / 'self/ns/pid').st_ino}"


def start_ticks(pid: int) -> int | None:
    """When a process started, in ticks since the machine did. None when it has ended, also as a zombie."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before may hold anything
    return None if fields[STATE] in ENDED_STATES else int(fields[START_TICKS])


def is_same_process(pid: int, ticks: int) -> bool:
    """Whether the process of this machine that had this id and these start ticks still lives."""
    found = start_ticks(pid)
    return found == ticks if found is not None else _is_hidden(pid)


def _is_hidden(pid: int) -> bool:
    """Whether there is a process that /proc does not show: it can be mounted so that it shows one's own alone."""
    if (PROC / str(pid)).exists():
        return False  # we saw it, ended
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True
