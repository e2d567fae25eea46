"""python -m tests.postgres15 [pytest's arguments]: tests in `single` on PostgreSQL 15, the oldest that is promised.

It is Debian's (`apt-get install postgresql-15`). The level `rls` needs 16.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from taskrunner.devserver.embedded.account import Account, server_account
from taskrunner.devserver.embedded.redis import RedisServer

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
# As deploy/postgres/logins.sql, which needs 16.
LOGINS = """
    CREATE ROLE taskrunner_owner LOGIN CREATEDB;
    CREATE ROLE taskrunner_app LOGIN;
    CREATE DATABASE taskrunner OWNER taskrunner_owner;
"""


def main() -> int:
    account = server_account()
    with TemporaryDirectory(prefix="taskrunner-postgres15-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        (sockets := directory / "sockets").mkdir()
        account.own(sockets)
        redis = RedisServer(directory, sockets, account)
        redis.start()
        try:
            with running_postgres(directory / "data", sockets, account):
                return subprocess.run(
                    [sys.executable, "-m", "pytest", *sys.argv[1:]], env=environment(sockets, redis.url)
                ).returncode
        finally:
            redis.stop()


@contextmanager
def running_postgres(data: Path, sockets: Path, account: Account) -> Iterator[None]:
    """A server that trusts whoever reaches its socket."""

    def run(program: str, *words: str, **options: str) -> None:
        command = [str(PROGRAMS / program), *words]
        subprocess.run(command, cwd="/", user=account.uid, group=account.gid, check=True, text=True, **options)

    data.mkdir()
    account.own(data)
    run("initdb", "--auth=trust", "--username=postgres", "--locale=C", "--encoding=UTF8", f"--pgdata={data}")
    settings = f"-k {sockets} -c listen_addresses= -c max_connections=300 -c fsync=off"
    run("pg_ctl", "start", "--wait", f"--pgdata={data}", f"--log={data}/log", f"--options={settings}")
    try:
        run("psql", "--quiet", f"--host={sockets}", "--username=postgres", input=LOGINS)
        yield
    finally:
        run("pg_ctl", "stop", "--mode=fast", f"--pgdata={data}")


def environment(sockets: Path, redis_url: str) -> dict[str, str]:
    def url(login: str) -> str:
        return f"postgresql://taskrunner_{login}@/taskrunner?host={sockets}"

    servers = {"DATABASE_URL": url("app"), "OWNER_DATABASE_URL": url("owner"), "REDIS_URL": redis_url}
    return {**os.environ, **servers, "TASKRUNNER_ISOLATION": "single"}


if __name__ == "__main__":
    sys.exit(main())
