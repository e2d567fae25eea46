"""Which process a process is, told by what no clock moves: the machine, the process id, and the ticks at its start.

The machine is a boot of a kernel and a namespace of process ids, so that containers of one host name are told apart.
The ticks are those of the kernel since that boot: a process id that was given out again has others.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROC = Path("/proc")


@cache
def machine() -> str:
    """Names the kernel and the process namespace that we run in."""
    boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{os.stat(PROC / 'self/ns/pid').st_ino}"


@dataclass(frozen=True, slots=True)
class ProcessStat:
    """/proc/<pid>/stat, as far as it is needed. Ticks are 10 ms, of all threads together."""

    state: str
    parent: int
    cpu_ticks: int
    start_ticks: int  # since the machine started: with the pid, they name the process

    @property
    def has_ended(self) -> bool:
        """Also where nobody has waited for it yet."""
        return self.state in ("Z", "X")

    @property
    def is_stopped(self) -> bool:
        return self.state in ("T", "t")

    @property
    def is_running(self) -> bool:
        """Whether its main thread has the processor, or waits for it."""
        return self.state == "R"


def read_stat(pid: int) -> ProcessStat | None:
    """None where there is no such process, or /proc hides it from us."""
    try:
        text = (PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    fields = text.rpartition(b")")[2].split()  # the name in parentheses may hold anything
    return ProcessStat(
        state=fields[0].decode(),
        parent=int(fields[1]),
        cpu_ticks=int(fields[11]) + int(fields[12]),
        start_ticks=int(fields[19]),
    )


def start_ticks(pid: int) -> int | None:
    """When a process started, in ticks since the machine did. None when it has ended."""
    stat = read_stat(pid)
    return None if stat is None or stat.has_ended else stat.start_ticks


def is_same_process(pid: int, ticks: int) -> bool:
    """Whether the process of this machine that had this id and these start ticks still lives."""
    stat = read_stat(pid)
    if stat is None:
        return _is_hidden(pid)
    return stat.start_ticks == ticks and not stat.has_ended


def _is_hidden(pid: int) -> bool:
    """Whether there is a process that /proc does not show: it can be mounted so that it shows one's own alone."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True
