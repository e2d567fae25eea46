"""A wall clock of chosen processes that can be stepped while they run; see wall_clock.c."""

import struct
import subprocess
from pathlib import Path

from taskrunner.devserver.embedded.postgres import PostgresServer

SOURCE = Path(__file__).with_name("wall_clock.c")


class SteppedClock:
    """Started with its `variables`, a process and its children live by this clock."""

    def __init__(self, directory: Path, name: str) -> None:
        self._offset = directory / f"{name}.offset"
        self._library = directory / f"{name}.so"
        self._offset.write_bytes(struct.pack("q", 0))
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", self._library, SOURCE, "-ldl"], check=True)

    @property
    def variables(self) -> dict[str, str]:
        return {"LD_PRELOAD": str(self._library), "STEPPED_CLOCK": str(self._offset)}

    def set(self, seconds: float) -> None:
        """Step the clock: from now on it is so far ahead of the machine's, or behind it."""
        with self._offset.open("r+b") as file:
            file.write(struct.pack("q", int(seconds * 1_000_000_000)))


class SteppedPostgres(PostgresServer):
    """Takes the place of a server that was stopped, in its directory."""

    def __init__(self, plain: PostgresServer, clock: SteppedClock) -> None:
        super().__init__(plain.directory, plain.sockets, plain.account)
        self._clock = clock

    def command(self) -> list[str]:
        variables = [f"{name}={value}" for name, value in self._clock.variables.items()]
        return ["/usr/bin/env", *variables, *super().command()]
