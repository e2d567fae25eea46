"""A PostgreSQL and its standby, which take turns: streaming replication, promotion, and pg_rewind of the one before."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from psycopg2.extensions import make_dsn

from taskrunner.devserver.embedded.binaries import postgres_program
from taskrunner.devserver.embedded.postgres import PORT, SUPERUSER, PostgresServer
from taskrunner.devserver.embedded.process import dying_with_us, end_leftovers
from taskrunner.devserver.embedded.sockets import make_private
from tests.waiting import wait_until

SOCKET = f".s.PGSQL.{PORT}"
# a commit that was acknowledged is on both; a standby cancels what is in the way of what it has to replay, and does not
# sleep for five seconds when its primary is gone
SETTINGS = {"wal_keep_size": "256MB", "max_standby_streaming_delay": "0", "wal_retrieve_retry_interval": "500ms"}
SYNCHRONOUS = "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')"


class SecondServer(PostgresServer):
    """Begins as a copy of another, and so has its logins."""

    def __init__(self, first: PostgresServer, directory: Path) -> None:
        super().__init__(directory, directory / "sockets", first.account)
        self._passwords = first.passwords

    @property
    def passwords(self) -> dict[str, str]:
        return self._passwords


class Pair:
    """`url` leads to whichever of the two it was last `lead`-ed to, as a floating address does."""

    def __init__(self, first: PostgresServer, directory: Path) -> None:
        self.primary, self.standby = first, SecondServer(first, directory)
        self._address = directory / "address"

    @property
    def address(self) -> Path:
        return self._address

    @property
    def url(self) -> str:
        return make_dsn(os.environ["DATABASE_URL"], host=str(self._address))

    def start(self) -> None:
        """Make the standby, and let the primary wait for it at every commit from now on."""
        self._address.mkdir()
        self._address.chmod(0o711)
        make_private(self.standby.sockets, self.standby.account)
        for name, value in SETTINGS.items():
            ask(self.primary, f"ALTER SYSTEM SET {name} = '{value}'")
        ask(self.primary, "SELECT pg_reload_conf()")
        self.standby.home.mkdir(mode=0o700)
        self.standby.account.own(self.standby.home)
        source = _source(self.primary)
        _run(self.standby, "pg_basebackup", ["-d", source, "-D", str(self.standby.home), "-R", "-c", "fast"])
        self.standby.start()
        self._wait_for_both(True)
        self.lead(self.primary)

    def lead(self, server: PostgresServer) -> None:
        """From now on new connections to the address reach this server."""
        draft = self._address / "next"
        draft.symlink_to(server.sockets / SOCKET)
        draft.replace(self._address / SOCKET)

    def promote(self) -> None:
        """Make the standby a primary, which waits for nobody at its commits."""
        self._wait_for_both(False, at=self.standby)
        ask(self.standby, "SELECT pg_promote()")
        self.primary, self.standby = self.standby, self.primary

    def rejoin(self) -> None:
        """The one that was the primary comes back as the standby: what only it has is undone."""
        end_leftovers(self.standby.home, self.standby.program)
        ask(self.primary, "CHECKPOINT")  # its control file names the new timeline from then on
        options = ["-D", str(self.standby.home), f"--source-server={_source(self.primary)}", "-R"]
        _run(self.standby, "pg_rewind", options)
        self.standby.start()
        self._wait_for_both(True)

    def stop(self) -> None:
        """The first server alone is left, as it was before."""
        self._wait_for_both(False)
        self.standby.stop()

    def _wait_for_both(self, wanted: bool, *, at: PostgresServer | None = None) -> None:
        server = at or self.primary
        ask(server, f"ALTER SYSTEM SET synchronous_standby_names = '{'*' if wanted else ''}'")
        ask(server, "SELECT pg_reload_conf()")
        if wanted:
            wait_until(lambda: ask(server, SYNCHRONOUS)[0][0] == 1, pause_seconds=0.05)


@contextmanager
def running_pair(first: PostgresServer, directory: Path) -> Iterator[Pair]:
    """A primary and its standby; at the end `first` must be the primary again."""
    directory.mkdir(mode=0o711)
    pair = Pair(first, directory)
    try:
        pair.start()
        yield pair
        pair.stop()
    finally:
        for server in (pair.primary, pair.standby):
            if server is not first:
                server.stop()
                print(server.log.read_text())


def ask(server: PostgresServer, sql: str) -> list[tuple[Any, ...]]:
    """As its superuser."""
    with closing(server.connect_as_superuser("taskrunner")) as database, database.cursor() as cursor:
        database.autocommit = True  # ALTER SYSTEM is refused inside a transaction
        cursor.execute("SET default_transaction_read_only = off")
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def _source(server: PostgresServer) -> str:
    return make_dsn(
        host=str(server.sockets),
        port=PORT,
        user=SUPERUSER,
        password=server.passwords["superuser"],
        dbname="taskrunner",
    )


def _run(server: PostgresServer, program: str, options: Sequence[str]) -> None:
    """One of PostgreSQL's programs, as the account that owns the server's files."""
    command = [str(postgres_program(program)), *options]
    done = subprocess.run(
        dying_with_us(command, signal.SIGTERM, server.account), cwd=server.home, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
