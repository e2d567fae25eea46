"""Debian's PgBouncer in transaction mode, in front of the tests' database."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from taskrunner.devserver.embedded.account import server_account
from taskrunner.devserver.embedded.process import Child
from tests.debian import debian_program

PORT = 6432
POOL_SIZE = 4  # fewer sessions than a cluster and a web server open connections
START_SECONDS = 60

SETTINGS = """
[databases]
* = host={host} port={port}

[pgbouncer]
listen_addr =
listen_port = {own_port}
unix_socket_dir = {directory}
auth_type = scram-sha-256
auth_file = {directory}/users
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 300
{more}
"""


class PgBouncer(Child):
    """A pooler with a directory of its own, for the login that the tests run as."""

    def __init__(self, directory: Path, more: str) -> None:
        super().__init__("pgbouncer", directory, server_account())
        self._program = debian_program("pgbouncer")
        self._database = parse_dsn(os.environ["DATABASE_URL"])
        self._more = more

    @property
    def url(self) -> str:
        """Leads through the pooler to where the tests' URL leads."""
        return make_dsn(**{**self._database, "host": str(self.directory), "port": PORT})

    def command(self) -> list[str]:
        return [str(self._program.path), str(self.directory / "pgbouncer.ini")]

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self._program.environment}

    def start(self) -> None:
        self.account.own(self.directory)
        self.account.reach(self._program.path)
        login, password = self._database["user"], self._database["password"]
        self._write("users", f'"{login}" "{password}"\n')
        self._write(
            "pgbouncer.ini",
            SETTINGS.format(
                host=self._database.get("host", "localhost"),
                port=self._database.get("port", 5432),
                own_port=PORT,
                directory=self.directory,
                pool_size=POOL_SIZE,
                more=self._more,
            ),
        )
        super().start()
        self.wait_until(self._answers, START_SECONDS)

    def _write(self, name: str, text: str) -> None:
        file = self.directory / name
        file.write_text(text)
        self.account.own(file)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url).close()
        except psycopg2.OperationalError:
            return False
        return True


@contextmanager
def running_bouncer(more: str = "") -> Iterator[PgBouncer]:
    """A pooler that answers, with further lines of its settings; ended with all its sessions."""
    with tempfile.TemporaryDirectory(prefix="taskrunner-pooled-") as directory:
        bouncer = PgBouncer(Path(directory), more)
        try:
            bouncer.start()
            yield bouncer
        finally:
            bouncer.stop()
            print(bouncer.log.read_text())
