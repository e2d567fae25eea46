"""What both embedded servers have in common: a directory to work in, and a start that waits for an answer."""

from abc import abstractmethod
from pathlib import Path

from taskrunner.embedded.account import Account
from taskrunner.embedded.process import Child, end_leftovers

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
