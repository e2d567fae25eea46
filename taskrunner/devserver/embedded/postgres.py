"""PostgreSQL 18 on a Unix socket, with passwords for its logins and fsync on."""

import shutil
import signal
import subprocess
from pathlib import Path
from tempfile import NamedTemporaryFile

import psycopg2
from psycopg2.extensions import connection

from taskrunner.devserver.embedded.account import StartError
from taskrunner.devserver.embedded.binaries import postgres_program
from taskrunner.devserver.embedded.private import kept_secrets
from taskrunner.devserver.embedded.process import Server, dying_with_us

SUPERUSER = "postgres"
DATABASE = "taskrunner"
PORT = 5432  # part of the socket's name; said everywhere, or PGPORT in the environment would change it


class PostgresServer(Server):
    program = "postgres"
    stop_signal = signal.SIGINT  # the fast shutdown; SIGTERM would wait until every client has gone

    @property
    def passwords(self) -> dict[str, str]:
        return kept_secrets(self.directory / "passwords.json", ["superuser", "owner", "app"])

    def url(self, login: str) -> str:
        """How `owner` or `app` connects to Taskrunner's database."""
        return f"postgresql://taskrunner_{login}:{self.passwords[login]}@:{PORT}/{DATABASE}?host={self.sockets}"

    def connect_as_superuser(self, database: str) -> connection:
        password = self.passwords["superuser"]
        return psycopg2.connect(host=str(self.sockets), port=PORT, dbname=database, user=SUPERUSER, password=password)

    def prepare(self) -> None:
        self.account.reach(postgres_program("postgres"))
        self.account.reach(self.home)
        if not self.home.exists():
            self._initialise(self.home.with_suffix(".new"))
        # Nothing of this directory runs any more. Should the pid in here belong to somebody else by now,
        # PostgreSQL would take that process for its predecessor and refuse to start.
        (self.home / "postmaster.pid").unlink(missing_ok=True)

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "port": str(PORT),
            "max_connections": "300",
            # the statement that failed, and the row that it was about, would be logged with their values
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(postgres_program("postgres")), "-D", str(self.home), *options]

    def answers(self) -> bool:
        try:
            self.connect_as_superuser("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def _initialise(self, draft: Path) -> None:
        """Make the data directory aside and rename it, so that an interrupted initdb leaves none behind."""
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.account.own(draft)
        with NamedTemporaryFile("w", dir=self.directory) as password_file:
            password_file.write(self.passwords["superuser"])
            password_file.flush()
            self.account.own(Path(password_file.name))
            self._initdb(draft, password_file.name)
        draft.rename(self.home)

    def _initdb(self, data: Path, password_file: str) -> None:
        options = [
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        command = dying_with_us([str(postgres_program("initdb")), *options], signal.SIGTERM, self.account)
        done = subprocess.run(
            command, cwd=self.directory, stdin=subprocess.DEVNULL, capture_output=True, start_new_session=True
        )
        if done.returncode != 0:
            raise StartError(f"initdb could not make {data}:\n{done.stderr.decode(errors='replace').strip()}")
