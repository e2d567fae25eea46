"""The wheel, built once a run, the servers, and the projects that it is installed in."""

import fcntl
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from taskrunner.devserver.embedded import EmbeddedServers
from tests.architecture.source import ROOT
from tests.package.cells import Cell, cells_of, cells_to_test, untested_cells
from tests.package.databases import Databases
from tests.package.hosts import Environment, Host

MakeHost = Callable[..., Host]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


def build_wheel(source: Path, directory: Path) -> Path:
    """The only file in the directory then."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--wheel-dir", str(directory), str(source)]
    subprocess.run(command, check=True)
    (built,) = directory.iterdir()
    return built


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Servers of these tests' own, because roles belong to a server and not to one of its databases.

    Not in the directory of pytest, which its next run closes to all but the owner: root's servers run as nobody.
    """
    with TemporaryDirectory(prefix="taskrunner-package-") as directory, EmbeddedServers(Path(directory)) as servers:
        yield Databases(servers)


@pytest.fixture(scope="session")
def environments(wheel: Path, pytestconfig: pytest.Config) -> Callable[[Cell], Environment]:
    """Made once on a machine: between runs, pytest's cache directory keeps them."""
    installed: dict[Cell, Environment] = {}
    kept = pytestconfig.cache.mkdir("cells")

    def environment_of(cell: Cell) -> Environment:
        if cell not in installed:
            parts = (cell.django, cell.python, cell.driver, cell.isolation, cell.extra)
            name = "-".join(part.replace(" ", "") for part in parts if part)
            environment = Environment(cell, kept / name)
            with (kept / f"{name}.lock").open("w") as lock:  # another process of this run may want the same
                fcntl.flock(lock, fcntl.LOCK_EX)
                environment.install(wheel)
            installed[cell] = environment
        return installed[cell]

    return environment_of


@pytest.fixture(scope="session")
def make_bare_host(
    environments: Callable[[Cell], Environment], databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> MakeHost:
    """As make_host, for a project that has no file yet."""
    numbers = itertools.count(1)

    def make(cell: Cell, *, login: str = "CREATEROLE CREATEDB", **setting: Any) -> Host:
        name = f"host{next(numbers)}"
        return Host(
            directory=tmp_path_factory.mktemp("hosts") / name,
            python=environments(cell).python,
            database=databases.create(name, login),
            taskrunner={
                "ISOLATION": cell.isolation,
                "PREFIX": name,
                "REDIS_URL": databases.redis_url,
                "WORKER_PROCESSES": 2,
                **setting,
            },
        )

    return make


@pytest.fixture(scope="session")
def make_host(make_bare_host: MakeHost) -> MakeHost:
    """make_host(cell, login="CREATEROLE CREATEDB", **TASKRUNNER): a project with a database and a login of its own."""

    def make(cell: Cell, **options: Any) -> Host:
        host = make_bare_host(cell, **options)
        host.start()
        return host

    return make


@pytest.fixture(scope="session", params=cells_of("single"), ids=str)
def single_cell(request: pytest.FixtureRequest) -> Cell:
    cell: Cell = request.param
    return cell


@pytest.fixture(scope="session", params=cells_of("rls"), ids=str)
def rls_cell(request: pytest.FixtureRequest) -> Cell:
    cell: Cell = request.param
    return cell


@pytest.fixture(scope="session", params=[each for each in cells_to_test() if each.driver == "psycopg 3"], ids=str)
def psycopg3_cell(request: pytest.FixtureRequest) -> Cell:
    cell: Cell = request.param
    return cell


@pytest.fixture(scope="session", params=cells_to_test(), ids=str)
def cell(request: pytest.FixtureRequest) -> Cell:
    each: Cell = request.param
    return each


@pytest.fixture(scope="session")
def shop(cell: Cell, make_host: MakeHost) -> Host:
    """The project as docs/install.md makes it, migrated."""
    host = make_host(cell)
    host.manage("migrate", "-v", "0")
    return host


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for each in untested_cells():
        terminalreporter.write_line(f"Not tested, but by `make cells`: {each}")
