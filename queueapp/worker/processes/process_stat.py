"""What the kernel tells of a process, without any clock: who it is, whose child, in which state, what it computed."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ProcessStat:
    """/proc/<pid>/stat, as far as it is needed. Ticks are 10 ms, of all threads together."""

    state: str
    parent: int
    cpu_ticks: int
    start_ticks: int  # since the machine started: with the pid, they name the process

    @property
    def has_ended(self) -> bool:
        return self.state in ("Z", "X")

    @property
    def is_stopped(self) -> bool:
        return self.state in ("T", "t")

    @property
    def is_running(self) -> bool:
        """Whether its main thread has the processor, or waits for it."""
        return self.state == "R"


def read_stat(pid: int) -> ProcessStat | None:
    """None where there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(b")")[2].split()  # the name in parentheses may hold anything
    return ProcessStat(
        state=fields[0].decode(),
        parent=int(fields[1]),
        cpu_ticks=int(fields[11]) + int(fields[12]),
        start_ticks=int(fields[19]),
    )


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
