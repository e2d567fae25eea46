"""The combinations that the package is tested in, and the Pythons of this machine to test them with."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DRIVERS = {"psycopg2": "psycopg2-binary", "psycopg 3": "psycopg[binary,pool]"}


@dataclass(frozen=True)
class Cell:
    django: str
    python: str
    driver: str
    isolation: str
    extra: str = ""  # of the wheel

    @property
    def requirements(self) -> list[str]:
        return [f"Django=={self.django}.*", DRIVERS[self.driver]]

    def __str__(self) -> str:
        return f"Django {self.django}, Python {self.python}, {self.driver}, {self.isolation}"


CELLS = (
    Cell("5.2", "3.11", "psycopg2", "rls"),
    Cell("5.2", "3.11", "psycopg 3", "single"),
    Cell("5.2", "3.13", "psycopg 3", "single"),
    Cell("6.0", "3.12", "psycopg 3", "rls"),
    Cell("6.1", "3.13", "psycopg2", "single"),
)
ALL_ARE_NEEDED = "TASKRUNNER_ALL_CELLS" in os.environ  # of `make cells`


@cache
def find_python(version: str) -> Path | None:
    """An interpreter of this version that runs: on PATH, or one that pyenv has installed."""
    on_path = shutil.which(f"python{version}")
    installed = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    for candidate in filter(None, [on_path, *installed]):
        # pyenv puts programs on PATH for versions that are installed and not switched on
        if subprocess.run([candidate, "--version"], capture_output=True).returncode == 0:
            return Path(candidate)
    return None


def cells_to_test() -> list[Cell]:
    """Those that this machine has the Python for; all of them where all are needed."""
    return [cell for cell in CELLS if ALL_ARE_NEEDED or find_python(cell.python)]


def cells_of(isolation: str) -> list[Cell]:
    return [cell for cell in cells_to_test() if cell.isolation == isolation]


def untested_cells() -> list[Cell]:
    return [cell for cell in CELLS if cell not in cells_to_test()]
