"""Programs and libraries of Debian that tests need beside them, without installing anything.

A package, and what it depends on that this machine does not have, is downloaded once and unpacked into a folder of the
virtual environment. On another system the program is taken from the machine.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(sys.prefix) / "debian"
FOLDERS = ("usr/sbin", "usr/bin", "sbin", "bin")


@dataclass(frozen=True)
class DebianProgram:
    """Where a program lies, and the variables that it has to be started with."""

    path: Path
    environment: dict[str, str]


def debian_program(package: str) -> DebianProgram:
    """The program that a package of the same name brings."""
    if installed := shutil.which(package):
        return DebianProgram(Path(installed), {})
    root = _unpacked(package)
    path = next(found for folder in FOLDERS if (found := root / folder / package).exists())
    libraries = {str(library.parent) for library in root.glob("**/lib*.so.*")}
    return DebianProgram(path, {"LD_LIBRARY_PATH": ":".join(sorted(libraries))})


def debian_file(package: str, name: str) -> Path:
    """The file of that name in a package; a library lies in a folder that is named after the architecture."""
    return next(_unpacked(package).glob(f"**/{name}"))


def _unpacked(package: str) -> Path:
    root = CACHE / package
    with _one_process():
        if not root.exists():
            fresh = CACHE / f"{package}.new"  # takes its name when it is complete
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            _unpack(package, fresh)
            fresh.rename(root)
    return root


@contextmanager
def _one_process() -> Iterator[None]:
    """Tests run in several."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack(package: str, folder: Path) -> None:
    if not _apt("apt-cache", "show", package):
        _apt("apt-get", "update")  # a slim image comes without lists
    plan = _apt("apt-get", "--simulate", "install", "--no-install-recommends", package)
    missing = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    # the package itself may be installed, without a program on the path
    subprocess.run(["apt-get", "download", *dict.fromkeys([package, *missing])], cwd=folder, check=True)
    for archive in list(folder.glob("*.deb")):
        subprocess.run(["dpkg", "-x", archive, folder], check=True)
        archive.unlink()


def _apt(*command: str) -> str:
    finished = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return finished.stdout if finished.returncode == 0 else ""
