"""Child processes that die with the one that started them, and what an earlier one may have left running."""

import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from taskrunner.devserver.embedded.account import Account, StartError, current_account

LAUNCHER = Path(__file__).with_name("die_with_parent.py")


class Child(ABC):
    """One program in a session of its own, so that Ctrl-C in our terminal does not reach it.

    It dies with the thread that called start(), so call that from a thread that stays: the main one.
    """

    stop_signal = signal.SIGTERM
    stop_seconds = 20.0

    def __init__(self, name: str, directory: Path, account: Account | None = None) -> None:
        self.name = name
        self.directory = directory
        self.account = account or current_account()
        self.working_directory = directory
        self.log = directory / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """The program and its arguments."""

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self.running and self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        log = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            self._process = subprocess.Popen(
                dying_with_us(self.command(), self.stop_signal, self.account),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.working_directory,
                env=self.environment(),
                start_new_session=True,
            )
        finally:
            os.close(log)

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise StartError(f"{self.name} ended while starting. {self._log_tail()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} did not answer within {seconds:.0f} s. {self._log_tail()}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, self.stop_signal, self.stop_seconds)

    def kill(self) -> None:
        """End it without notice, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        self.stop()
        self.start()

    def _log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join([f"The end of {self.log}:", *lines])


def dying_with_us(
    command: list[str], death_signal: signal.Signals = signal.SIGTERM, account: Account | None = None
) -> list[str]:
    """`command`, run as `account` (or ourselves) and sent `death_signal` when this thread ends."""
    numbers = (death_signal.value, os.getpid(), *(account or current_account()))
    return [sys.executable, "-I", "-S", str(LAUNCHER), *map(str, numbers), *command]


def end(process: subprocess.Popen[bytes], stop_signal: signal.Signals, seconds: float) -> None:
    """Ask the leader of a session to stop; kill its whole group if it does not."""
    if process.poll() is None:
        process.send_signal(stop_signal)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def end_leftovers(directory: Path, program: str, seconds: float = 15) -> None:
    """What a killed starter left running has had its death signal: wait for its end, then force it."""
    deadline = time.monotonic() + seconds
    while left := processes_in(directory, program):
        if time.monotonic() > deadline:
            for process in left:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        time.sleep(0.02)


def processes_in(directory: Path, program: str) -> list[psutil.Process]:
    """Running processes of `program` that work in `directory`; a zombie works nowhere."""
    return [
        process
        for process in psutil.process_iter(["name", "cwd"])
        if (process.info["name"], process.info["cwd"]) == (program, str(directory))
    ]


START_SECONDS = 60  # PostgreSQL may have a crash to recover from


class Server(Child):
    """A child called `program` that works in the directory `home`."""

    program: str

    def __init__(self, directory: Path, sockets: Path, account: Account) -> None:
        super().__init__(self.program, directory, account)
        self.home = directory / self.program
        self.sockets = sockets

    @abstractmethod
    def prepare(self) -> None:
        """Make `home` what the program expects to find."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client gets through."""

    def start(self) -> None:
        end_leftovers(self.home, self.program)
        self.prepare()
        super().start()
        self.wait_until(self.answers, START_SECONDS)
