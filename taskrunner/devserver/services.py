"""The processes of ours that a stack runs: the web server, the cluster, and manage.py for the rest."""

import socket
import sys
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from taskrunner.devserver.embedded import StartError
from taskrunner.devserver.embedded.process import Child

PROJECT = Path(__file__).resolve().parents[2]
WEB_THREADS = 32
KEEP_ALIVE_SECONDS = 75  # as in Dockerfile


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


def free_port(port: int) -> int:
    """`port` if nobody listens there, any free one for 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StartError(
                f"port {port} cannot be used ({error.strerror}): choose another, or 0 for any free one (--port)"
            ) from None
        return int(probe.getsockname()[1])


def is_live(port: int) -> bool:
    """Whether our web server answers there."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
