"""The processes of ours that a stack runs: the web server, the cluster, and manage.py for the rest."""

import json
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from taskrunner.devserver.embedded.process import Child

PROJECT = Path(__file__).resolve().parents[2]
WEB_THREADS = 32  # as in Dockerfile; at most 24 of them wait (API_WAITING_REQUESTS and API_WAITING_CLAIMS)
KEEP_ALIVE_SECONDS = 75  # the same


class Service(Child):
    """A long-running command of the project, with its log in `directory`."""

    def __init__(self, name: str, directory: Path, command: list[str], environment: dict[str, str]) -> None:
        super().__init__(name, directory)
        self.working_directory = PROJECT
        self._command = command
        self._environment = environment

    def command(self) -> list[str]:
        return self._command

    def environment(self) -> dict[str, str]:
        return self._environment


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(PROJECT / "manage.py"), *arguments]


def gunicorn(port: int) -> list[str]:
    threads = ["--worker-class", "gthread", "--threads", str(WEB_THREADS)]
    # gunicorn would put its control socket in the home directory, where every other gunicorn has its own.
    return [
        *(sys.executable, "-m", "gunicorn", "taskrunner.wsgi", "--bind", f"127.0.0.1:{port}"),
        *(*threads, "--graceful-timeout", "5", "--no-control-socket", "--keep-alive", str(KEEP_ALIVE_SECONDS)),
    ]


def is_live(port: int) -> bool:
    """Whether our web server answers there."""
    return _health(port, "/health/live") is not None


def has_workers(port: int) -> bool:
    """Whether our web server has heard of a worker. To ask it takes no Python of its own, as a command would."""
    return (_health(port, "/health") or {}).get("worker") == "ok"


def _health(port: int, path: str) -> dict[str, Any] | None:
    """What it says where it answers, and all that is needed is there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        said: dict[str, Any] = json.loads(answer.read())
        return said if answer.status == 200 else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
