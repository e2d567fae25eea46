"""Projects of other people's: a `startproject` with an app of its own, and the wheel in its environment."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.architecture.source import ROOT
from tests.package.cells import Cell, find_python

SHOP = Path(__file__).with_name("shop")
SETTINGS = """
import json, os
INSTALLED_APPS += ["shop", "queueapp", "django_q", "rest_framework", "django.contrib.postgres"]
AUTH_USER_MODEL = "shop.Customer"
DATABASES = {"default": json.loads(os.environ["HOST_DATABASE"])}
TASKRUNNER = json.loads(os.environ["HOST_TASKRUNNER"])
"""


class Environment:
    """A virtual environment with Django, a driver and the wheel. Kept in `directory` for the runs to come."""

    def __init__(self, cell: Cell, directory: Path) -> None:
        self.python = directory / "bin" / "python"
        self._cell = cell
        self._directory = directory

    def install(self, wheel: Path) -> None:
        """Not again what is there: the same sources make the same wheel."""
        installed = self._directory / "installed"
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if not installed.exists():
            shutil.rmtree(self._directory, ignore_errors=True)
            self.make()
            self.add(wheel)
        elif installed.read_text() != digest:
            self._pip("--force-reinstall", "--no-deps", str(wheel))
            self.add(wheel)  # it may need more than the last one did
        installed.write_text(digest)

    def make(self) -> None:
        """With what a project has before us: Django and its driver."""
        subprocess.run([str(find_python(self._cell.python)), "-m", "venv", str(self._directory)], check=True)
        self._pip(*self._cell.requirements)

    def add(self, wheel: Path) -> None:
        package = f"{wheel}[{self._cell.extra}]" if self._cell.extra else str(wheel)
        self._pip("-c", str(self._constraints()), package, *self._cell.requirements)

    def _pip(self, *words: str) -> None:
        subprocess.run([str(self.python), "-m", "pip", "install", "-q", *words], check=True)

    def _constraints(self) -> Path:
        """Our pinned versions, but for those that the cell decides."""
        lines = (line.split("#")[0].strip() for line in (ROOT / "requirements.in").read_text().splitlines())
        path = self._directory / "constraints.txt"
        path.write_text("\n".join(line for line in lines if line and not line.startswith(("Django==", "psycopg"))))
        return path


@dataclass
class Host:
    """One project. `taskrunner` is its setting TASKRUNNER, `database` its DATABASES["default"]."""

    directory: Path
    python: Path
    database: dict[str, Any]
    taskrunner: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Make its files: `startproject`, the shop, and what docs/install.md says to add."""
        self.directory.mkdir(parents=True)
        self.run("-m", "django", "startproject", "host", ".")
        shutil.copytree(SHOP, self.directory / "shop")
        self.add_settings(SETTINGS)
        (self.directory / "host" / "urls.py").write_text((SHOP / "urls.py").read_text())

    def add_settings(self, text: str) -> None:
        with (self.directory / "host" / "settings.py").open("a") as file:
            file.write(f"{text}\n")

    def manage(self, *words: str, errors: bool = False) -> str:
        return self.run("manage.py", *words, errors=errors)

    def shell(self, program: str) -> str:
        """What a program prints that runs in the project."""
        return self.manage("shell", "-v", "0", "-c", program).strip()

    def refusal_of(self, *words: str) -> str:
        """What a command that must fail says."""
        done = self._run("manage.py", *words)
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    def run(self, *words: str, errors: bool = False) -> str:
        """What a command prints that must not fail; with `errors`, on standard error too."""
        done = self._run(*words)
        assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr if errors else done.stdout

    @contextmanager
    def cluster(
        self, command: str = "qcluster", *words: str, log: IO[str] | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A cluster of two workers, which drains when the block ends."""
        process = subprocess.Popen(
            [str(self.python), "manage.py", command, *words],
            cwd=self.directory,
            env=self._environment(),
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.python), *words],
            cwd=self.directory,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=300,
        )

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "HOST_DATABASE": json.dumps(self.database),
            "HOST_TASKRUNNER": json.dumps(self.taskrunner),
            **self.environment,
        }
