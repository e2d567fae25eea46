"""The shop of tests/shop, run by its own `manage.py` against the servers of these tests."""

import json
import os
import subprocess
import sys
from pathlib import Path

from psycopg2.extensions import parse_dsn

from tests.clusters import ROOT

SHOP = ROOT / "tests" / "shop"


class Shop:
    """A copy of it, or itself; `mails` is a directory for what it sends."""

    def __init__(self, directory: Path, mails: Path, **environment: str) -> None:
        self.directory = directory
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SHOP_DATABASE": json.dumps(_database()),
            "SHOP_MAILS": str(mails),
            **environment,
        }

    def manage(self, *words: str) -> str:
        """What a command says that must not fail."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.directory,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said


def _database() -> dict[str, object]:
    """As Django's DATABASES wants it, of the login that may make the test database."""
    owner = parse_dsn(os.environ["OWNER_DATABASE_URL"])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "USER": owner["user"],
        "PASSWORD": owner["password"],
        "HOST": owner["host"],
        "PORT": owner.get("port", ""),
        "TEST": {"NAME": f"test_shop_{os.getpid()}"},
    }
