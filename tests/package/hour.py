"""`make hour`: docs/tutorial.md in a project that has nothing yet, and how long each of its parts takes."""

import sys
import tempfile
import time
from pathlib import Path

from taskrunner.devserver.console import say, timed
from taskrunner.devserver.embedded import EmbeddedServers
from tests.architecture.source import ROOT
from tests.package.cells import Cell
from tests.package.conftest import build_wheel
from tests.package.databases import Databases
from tests.package.hosts import Environment, Host
from tests.package.literate import Reader, sections

CELL = Cell("5.2", f"{sys.version_info.major}.{sys.version_info.minor}", "psycopg 3", "single")


class Pip:
    """The lines of pip on the page: they make the wheel, and install it."""

    def __init__(self, environment: Environment, directory: Path) -> None:
        self._environment, self._directory = environment, directory

    def __call__(self, line: str) -> None:
        if line.startswith("pip wheel"):
            timed("  the wheel is built", lambda: build_wheel(ROOT, self._directory))
        else:
            (wheel,) = self._directory.iterdir()
            timed("  … and installed", lambda: self._environment.add(wheel))


def main() -> None:
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="taskrunner-hour-") as name,
        EmbeddedServers(Path(name) / "servers") as servers,
    ):
        directory = Path(name)
        say(f"{CELL}, docs/tutorial.md:")
        environment = Environment(CELL, directory / "environment")
        timed("An environment", environment.make)
        databases = Databases(servers)
        host = Host(
            directory=directory / "mysite",
            python=environment.python,
            database=databases.create("mysite", "CREATEDB"),
            taskrunner={"REDIS_URL": databases.redis_url, "WORKER_PROCESSES": 2},
        )
        (directory / "dist").mkdir()
        with Reader(host, install=Pip(environment, directory / "dist")) as reader:
            for section in sections(ROOT / "docs" / "tutorial.md"):
                timed(section.heading, lambda section=section: reader.follow(section))  # type: ignore[misc]
                if section.heading == "Run it":
                    timed("  the schedule has fired", lambda: reader.wait_for_schedule("orders.count_missing"))
    say(f"{time.monotonic() - began:.0f} s in all.")


if __name__ == "__main__":
    main()
