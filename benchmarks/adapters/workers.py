"""A peer's worker processes: started as an operator would, and ended with everything below them."""

import ctypes
import signal
import subprocess
from types import TracebackType
from typing import Self

import psutil

from benchmarks.adapters.peer import Peer

PR_SET_PDEATHSIG = 1


class Workers:
    def __init__(self, peer: Peer) -> None:
        self._commands = peer.worker_commands()

    def __enter__(self) -> Self:
        self._processes = [
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent)
            for command in self._commands
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop as an operator would, so that nothing in hand is lost; what does not stop in time is killed."""
        for process in self._processes:
            process.terminate()
        psutil.wait_procs([psutil.Process(process.pid) for process in self._processes if process.poll() is None], 15)
        self.kill()

    def kill(self) -> None:
        """kill -9 of every process at one moment."""
        family = [child for process in self._processes for child in _family(process.pid)]
        for process in family:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        for started in self._processes:
            started.wait()


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
