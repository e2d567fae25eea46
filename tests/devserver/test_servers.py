"""The embedded servers: what they let in, what they keep, and that they never outlive their starter."""

import os
import pwd
import signal
import stat
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
import redis

from taskrunner.devserver.embedded import EmbeddedServers, StartError
from taskrunner.devserver.embedded.process import dying_with_us, processes_in

PROJECT = Path(__file__).resolve().parents[2]

STARTER = """
import sys
from pathlib import Path
from taskrunner.devserver.embedded import EmbeddedServers

with EmbeddedServers(Path(sys.argv[1])) as servers:
    print(servers.environment()["OWNER_DATABASE_URL"], flush=True)
    sys.stdin.read()
"""


@contextmanager
def temporary_directory() -> Iterator[Path]:
    # Not pytest's tmp_path: its parents are closed to other users, and root's PostgreSQL runs as one.
    with tempfile.TemporaryDirectory(prefix="taskrunner-embedded-") as path:
        yield Path(path).resolve()


@pytest.fixture
def directory() -> Iterator[Path]:
    with temporary_directory() as path:
        yield path


@pytest.fixture(scope="module")
def servers() -> Iterator[EmbeddedServers]:
    with temporary_directory() as path, EmbeddedServers(path) as started:
        yield started


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def as_owner(servers: EmbeddedServers, statement: str) -> list[tuple[Any, ...]]:
    return query(servers.environment()["OWNER_DATABASE_URL"], statement)


def as_app(servers: EmbeddedServers, statement: str) -> list[tuple[Any, ...]]:
    return query(servers.environment()["DATABASE_URL"], statement)


def ping(servers: EmbeddedServers) -> bool:
    with redis.Redis.from_url(servers.environment()["REDIS_URL"]) as client:
        return bool(client.ping())


def running(directory: Path) -> list[psutil.Process]:
    return [found for name in ("postgres", "valkey-server") for found in processes_in(directory / name, name)]


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@contextmanager
def starter(
    directory: Path, python: str = sys.executable, **options: Any
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that has started servers in `directory`, and the owner's URL there."""
    options |= {"cwd": PROJECT, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process: subprocess.Popen[str]
    with subprocess.Popen([python, "-c", STARTER, str(directory)], **options) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.terminate()


def test_the_next_start_finds_the_data_and_keeps_the_passwords(directory: Path) -> None:
    with EmbeddedServers(directory) as first:
        as_owner(first, "CREATE TABLE kept AS SELECT 42 AS answer")
        environment = first.environment()
    with EmbeddedServers(directory) as second:
        assert second.environment() == environment
        assert as_owner(second, "SELECT answer FROM kept") == [(42,)]
        assert ping(second)


def test_only_the_starter_can_read_the_passwords(servers: EmbeddedServers) -> None:
    mode = (servers.directory / "passwords.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_neither_login_escapes_row_level_security(servers: EmbeddedServers) -> None:
    logins = as_app(
        servers,
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb"
        " FROM pg_roles WHERE rolname LIKE 'taskrunner%' ORDER BY rolname",
    )
    assert logins == [
        ("taskrunner_app", False, False, False, False),
        ("taskrunner_owner", False, False, True, True),
    ]


def test_the_owner_administers_the_apps_login_without_inheriting_from_it(servers: EmbeddedServers) -> None:
    memberships = as_owner(
        servers,
        "SELECT roleid::regrole::text, member::regrole::text, admin_option, inherit_option, set_option"
        " FROM pg_auth_members WHERE roleid = 'taskrunner_app'::regrole",
    )
    assert memberships == [("taskrunner_app", "taskrunner_owner", True, False, False)]


def test_the_owner_may_create_what_the_app_may_not(servers: EmbeddedServers) -> None:
    as_owner(servers, "CREATE ROLE made_by_owner; GRANT made_by_owner TO taskrunner_app WITH INHERIT FALSE")
    as_owner(servers, "CREATE TABLE made_by_owner ()")
    for refused in ("CREATE ROLE made_by_app", "CREATE TABLE made_by_app ()", "SET ROLE taskrunner_owner"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            as_app(servers, refused)


def test_a_wrong_password_is_refused(servers: EmbeddedServers) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(host=str(servers.sockets), dbname="taskrunner", user="taskrunner_app", password="guess")


def test_postgres_is_durable_speaks_utf8_and_has_no_network_port(servers: EmbeddedServers) -> None:
    settings = "listen_addresses", "fsync", "server_encoding", "max_connections"
    values = [as_app(servers, f"SHOW {name}")[0][0] for name in settings]
    assert values == ["", "on", "UTF8", "300"]


def test_the_log_of_postgres_tells_no_values(servers: EmbeddedServers) -> None:
    with closing(servers.postgres.connect_as_superuser("postgres")) as database, database.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE canaries (name text, CONSTRAINT is_short CHECK (length(name) < 5))")
        with pytest.raises(psycopg2.errors.CheckViolation):
            cursor.execute("INSERT INTO canaries VALUES (%s)", ["canary-7f3a"])
    log = servers.postgres.log.read_text()
    assert 'violates check constraint "is_short"' in log
    assert "canary-7f3a" not in log


def test_redis_has_no_network_port_and_forgets_nothing_on_its_own(servers: EmbeddedServers) -> None:
    with redis.Redis.from_url(servers.environment()["REDIS_URL"], decode_responses=True) as client:
        wanted = {"port": "0", "save": "", "maxmemory-policy": "noeviction"}
        assert {name: client.config_get(name)[name] for name in wanted} == wanted


def test_stop_leaves_no_process_and_no_socket(directory: Path) -> None:
    with EmbeddedServers(directory) as servers:
        assert {process.name() for process in running(directory)} == {"postgres", "valkey-server"}
    assert running(directory) == []
    assert list(servers.sockets.iterdir()) == []


def test_each_server_restarts_and_recovers_from_a_kill(servers: EmbeddedServers) -> None:
    as_owner(servers, "CREATE TABLE kept AS SELECT 42 AS answer")
    for server in (servers.postgres, servers.redis):
        first = server.pid
        server.kill()
        assert not server.running
        server.start()
        server.restart()
        assert server.running and server.pid != first
    assert as_owner(servers, "SELECT answer FROM kept") == [(42,)]
    assert ping(servers)


def test_servers_die_with_a_starter_that_is_killed_and_the_next_start_works(directory: Path) -> None:
    with starter(directory) as (process, url):
        query(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        assert running(directory)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert wait_until(lambda: not running(directory))
    with EmbeddedServers(directory) as servers:
        assert as_owner(servers, "SELECT answer FROM kept") == [(42,)]


def test_a_start_right_after_the_kill_waits_for_the_dying_servers(directory: Path) -> None:
    with starter(directory) as (process, url), closing(psycopg2.connect(url)):
        process.send_signal(signal.SIGKILL)
        process.wait()
        with EmbeddedServers(directory) as servers:
            assert as_owner(servers, "SELECT 1") == [(1,)]
            assert ping(servers)


def test_a_stale_pid_file_that_names_a_stranger_does_not_block_the_start(directory: Path) -> None:
    with EmbeddedServers(directory) as servers:
        pid_file = directory / "postgres" / "postmaster.pid"
        stale = pid_file.read_text().splitlines()
        servers.postgres.kill()
    stranger = subprocess.Popen(dying_with_us(["/bin/sleep", "600"], account=servers.account))
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *stale[1:]]) + "\n")
        servers.account.own(pid_file)
        with EmbeddedServers(directory) as again:
            assert as_owner(again, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_second_live_starter_is_refused_and_told_who_the_first_is(directory: Path) -> None:
    with starter(directory) as (process, url):
        with pytest.raises(StartError, match=f"in use by process {process.pid}: stop it"):
            EmbeddedServers(directory).start()
        assert query(url, "SELECT 1") == [(1,)]


def test_a_path_too_long_or_too_odd_for_a_socket_moves_the_sockets(directory: Path) -> None:
    for name in ("long" * 30, "with space, and comma"):
        with EmbeddedServers(directory / name) as servers:
            assert servers.sockets.parent == Path(tempfile.gettempdir())
            assert as_app(servers, "SELECT 1") == [(1,)]
            assert ping(servers)
        servers.sockets.rmdir()


def test_the_environments_settings_for_another_postgres_are_ignored(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "6543", "PGHOST": "elsewhere", "PGUSER": "other", "PGDATABASE": "other"}.items():
        monkeypatch.setenv(name, value)
    with EmbeddedServers(directory) as servers:
        assert as_app(servers, "SELECT current_database()::text, session_user::text") == [
            ("taskrunner", "taskrunner_app")
        ]


def test_an_interrupted_initdb_is_done_again(directory: Path) -> None:
    half = directory / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedServers(directory) as servers:
        assert as_owner(servers, "SELECT 1") == [(1,)]
    assert not half.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="a plain user's servers run as himself and need no way in")
def test_roots_servers_get_the_right_to_pass_closed_directories_and_no_more(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    with EmbeddedServers(directory / "data") as servers:
        assert as_app(servers, "SELECT 1") == [(1,)]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o701
    assert f"chmod o+x {directory}" in caplog.text


def python_for(account: dict[str, Any]) -> str:
    """Root's own Python may lie in a directory closed to others; the system's then serves."""
    for python in (sys.executable, "/usr/bin/python3"):
        with suppress(PermissionError):
            if (
                subprocess.run(
                    [python, "-c", "import taskrunner.devserver.embedded"], cwd=PROJECT, **account
                ).returncode
                == 0
            ):
                return python
    pytest.skip("no Python that `nobody` may run has the dependencies")


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test of this file runs as a plain user already")
def test_a_plain_user_runs_the_servers_as_himself(directory: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    plain = {
        "user": nobody.pw_uid,
        "group": nobody.pw_gid,
        "extra_groups": [],
        "env": {"PYTHONPATH": sysconfig.get_path("purelib")},
    }
    with starter(directory, python_for(plain), **plain) as (_, url):
        assert query(url, "SELECT session_user::text") == [("taskrunner_owner",)]
        assert {process.uids().real for process in running(directory)} == {nobody.pw_uid}
    assert wait_until(lambda: not running(directory))
