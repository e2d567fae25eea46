"""Real web servers: gunicorn as a process of its own, on the tests' database."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from queueapp.worker.processes.family import die_with_parent
from taskrunner.devserver.ports import usable_port
from taskrunner.devserver.services import gunicorn, is_live
from tests.waiting import PATIENCE_SECONDS, wait_until

ROOT = Path(__file__).parent.parent


@contextmanager
def running_server(**environment: str) -> Iterator[str]:
    """The root address of a ready server, which is stopped at the end; its log goes to the test's output."""
    with TemporaryFile("w+") as log, server_logging_to(log, **environment) as address:
        yield address


@contextmanager
def server_logging_to(log: IO[str], **environment: str) -> Iterator[str]:
    """As running_server, with its log for the test to read."""
    port = usable_port(0)
    process = subprocess.Popen(
        gunicorn(port),
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", **environment},
        stdout=log,
        stderr=subprocess.STDOUT,
        preexec_fn=die_with_parent,
    )
    try:
        wait_until(lambda: is_live(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)
        log.seek(0)
        print(log.read())


def python(*arguments: str, directory: Path = ROOT, **environment: str) -> subprocess.Popen[str]:
    """A Python process with its output in a pipe; the caller ends it."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=directory,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent,
    )
