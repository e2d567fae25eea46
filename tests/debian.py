"""Programs of Debian that tests need beside them, without installing anything.

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


class ProgramMissing(Exception):
    """A program is neither on this machine nor to be had from Debian. The text says what to install."""


@dataclass(frozen=True)
class DebianProgram:
    """Where a program lies, and the variables that it has to be started with."""

    path: Path
    environment: dict[str, str]


def debian_program(package: str) -> DebianProgram:
    """The program that a package of the same name brings. Raises ProgramMissing."""
    if installed := shutil.which(package):
        return DebianProgram(Path(installed), {})
    root = _unpacked(package)
    # first the program of a package whose /usr/bin has a launcher, which looks for it where it would be installed
    folders = (f"usr/lib/{package}", "usr/sbin", "usr/bin", "sbin", "bin")
    path = next(found for folder in folders if (found := root / folder / package).is_file())
    return DebianProgram(path, _environment(root))


def _environment(root: Path) -> dict[str, str]:
    libraries = {str(library.parent) for library in root.glob("**/lib*.so*")}
    found = {"LD_LIBRARY_PATH": ":".join(sorted(libraries))}
    if (fonts := root / "etc/fonts").exists():  # on a machine that has fonts it does not
        found |= {"FONTCONFIG_PATH": str(fonts), "XDG_DATA_HOME": str(root / "usr/share")}
    return found


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
    if not shutil.which("apt-get"):
        raise ProgramMissing(f"Install {package}: it is not on the path, and there is no apt-get to get it with")
    if not _apt("apt-cache", "show", package):
        _apt("apt-get", "update")  # a slim image comes without lists
    plan = _apt("apt-get", "--simulate", "install", "--no-install-recommends", package)
    missing = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")]
    # the package itself may be installed, without a program on the path
    wanted = list(dict.fromkeys([package, *missing]))
    download = subprocess.run(["apt-get", "download", *wanted], cwd=folder, capture_output=True, text=True)
    if download.returncode:
        raise ProgramMissing(f"Install {package}: apt-get cannot download {' '.join(wanted)}\n{download.stderr}")
    for archive in list(folder.glob("*.deb")):
        subprocess.run(["dpkg", "-x", archive, folder], check=True)
        archive.unlink()


def _apt(*command: str) -> str:
    finished = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return finished.stdout if finished.returncode == 0 else ""
