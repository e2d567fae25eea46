"""Everything that makes a running Taskrunner on this machine: servers, schema, web server, cluster."""

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from queueapp.redaction import masked_text
from taskrunner.devserver.console import timed
from taskrunner.devserver.embedded import EmbeddedServers, StartError
from taskrunner.devserver.embedded.private import kept_secrets
from taskrunner.devserver.embedded.process import Child, dying_with_us
from taskrunner.devserver.embedded.sockets import socket_directory
from taskrunner.devserver.layout import refuse_old_layout
from taskrunner.devserver.ports import usable_port
from taskrunner.devserver.services import PROJECT, Service, gunicorn, has_workers, is_live, manage

logger = logging.getLogger(__name__)

SERVER_VARIABLES = ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL")
OUR_SECRETS = ["SECRET_KEY", "CONFIG_ENCRYPTION_KEYS"]
START_SECONDS = 60
RESTART_DELAY_SECONDS = 1.0
DRAIN_SECONDS = 8  # for the tasks that run at Ctrl-C
RELEASE_SECONDS = 5.0  # in which the cluster then ends by itself


class Stack:
    """A context manager for the main thread: Ctrl-C or SIGTERM ends the block, its end stops everything."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory.resolve()
        self.port = port
        self._servers = embedded_servers(self.directory)
        self._services: list[Service] = []
        self._dead_since: dict[str, float] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What a client or a command needs to find this stack."""
        kept = kept_secrets(self.directory / "secrets.json", OUR_SECRETS)
        given = {name: os.environ[name] for name in (*OUR_SECRETS, *SERVER_VARIABLES) if os.environ.get(name)}
        servers = self._servers.environment() if self._servers else {}
        artifacts = os.environ.get("ARTIFACTS_DIRECTORY", str(self.directory / "artifacts"))
        return {"TASKRUNNER_URL": self.url, "ARTIFACTS_DIRECTORY": artifacts, **kept, **given, **servers}

    def start(self) -> None:
        self.directory.mkdir(mode=0o711, parents=True, exist_ok=True)
        self.port = usable_port(self.port)
        if self._servers:
            timed("PostgreSQL and Redis", self._servers.start)
        if owner_url := self.environment().get("OWNER_DATABASE_URL"):
            refuse_old_layout(owner_url)
        timed("schema", lambda: self.run("migrate"))
        web = self._start_service("web", gunicorn(self.port))
        cluster = self._start_service("qcluster", manage("qcluster", "--drain-seconds", str(DRAIN_SECONDS)))
        cluster.stop_seconds = DRAIN_SECONDS + RELEASE_SECONDS
        timed("web", lambda: web.wait_until(lambda: is_live(self.port), START_SECONDS))
        timed("workers", lambda: cluster.wait_until(lambda: has_workers(self.port), START_SECONDS))

    def run(self, *arguments: str, **variables: str) -> str:
        """Run a manage.py command, with these variables besides, to its end and return what it printed."""
        done = subprocess.run(
            dying_with_us(manage(*arguments)),
            cwd=PROJECT,
            env={**os.environ, **self.environment(), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
        )
        if done.returncode != 0:
            raise StartError(f"manage.py {' '.join(arguments)} failed:\n{masked_text(done.stdout + done.stderr)}")
        return done.stdout

    def supervise(self, done: Callable[[], bool]) -> None:
        """Until `done`, start again every child that dies."""
        servers = [self._servers.postgres, self._servers.redis] if self._servers else []
        while not done():
            for child in (*servers, *self._services):
                self._revive(child)
            time.sleep(0.2)

    def stop(self) -> None:
        """The cluster first, so that its workers can finish and report; the servers last."""
        for service in reversed(self._services):
            service.stop()
        if self._servers:
            self._servers.stop()

    def __enter__(self) -> Self:
        # Set for SIGINT too: it arrives ignored where a shell started us in the background.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An impatient second Ctrl-C would cut the orderly stop short.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self.stop()

    def _start_service(self, name: str, command: list[str]) -> Service:
        environment = {**os.environ, **self.environment()}
        del environment["OWNER_DATABASE_URL"]  # as in production: only migrations may act as the owner
        service = Service(name, self.directory, command, environment)
        self._services.append(service)
        service.start()
        return service

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.running:
            self._dead_since.pop(child.name, None)
        elif now - self._dead_since.setdefault(child.name, now) > RESTART_DELAY_SECONDS:
            del self._dead_since[child.name]
            logger.warning("%s has ended; starting it again", child.name)
            child.start()


def embedded_servers(directory: Path) -> EmbeddedServers | None:
    """Servers for `directory`, or None where the environment names some already."""
    database = os.environ.get("DATABASE_URL")
    # A shell that has sourced this directory's own env file names servers that we are about to start.
    ours = database is not None and database.endswith(f"?host={socket_directory(directory)}")
    if ours or not (database and os.environ.get("REDIS_URL")):
        return EmbeddedServers(directory)
    if not os.environ.get("OWNER_DATABASE_URL"):
        raise StartError(
            "DATABASE_URL and REDIS_URL are set, OWNER_DATABASE_URL is not: set it to the login that owns the "
            "tables (deploy/postgres/logins.sql makes it), or unset all three to start embedded servers"
        )
    return None
