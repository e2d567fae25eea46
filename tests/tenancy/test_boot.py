"""A process whose login row-level security would not bind refuses to start, and says why."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg2
import pytest

from taskrunner.devserver.embedded import EmbeddedServers
from tests.waiting import PATIENCE_SECONDS

pytestmark = pytest.mark.rls_only

ROOT = Path(__file__).resolve().parents[2]
# Made by a superuser, which the server under test may not offer: hence one of our own.
LOGINS = """
    CREATE ROLE boss LOGIN SUPERUSER PASSWORD 'x';
    CREATE ROLE ghost LOGIN BYPASSRLS PASSWORD 'x';
    CREATE ROLE heir LOGIN PASSWORD 'x';
    CREATE ROLE heir_of_heir LOGIN PASSWORD 'x';
    CREATE ROLE taskrunner_operator;
    GRANT taskrunner_operator TO heir WITH INHERIT TRUE;
    GRANT heir TO heir_of_heir WITH INHERIT TRUE;
    GRANT taskrunner_operator TO taskrunner_app WITH INHERIT FALSE, SET TRUE;
"""


@pytest.fixture(scope="module")
def postgres():
    # not in pytest's directory, which a second run of pytest closes to the account of the servers
    with TemporaryDirectory(prefix="taskrunner-boot-") as directory, EmbeddedServers(Path(directory)) as servers:
        with closing(servers.postgres.connect_as_superuser("taskrunner")) as database:
            database.cursor().execute(LOGINS)
            database.commit()
        yield servers.postgres


QCLUSTER, CHECK = ["manage.py", "qcluster"], ["manage.py", "check", "--deploy"]
WEB = ["-c", "import taskrunner.wsgi"]  # what gunicorn does first


def start(url: str, arguments: list[str] = QCLUSTER) -> subprocess.CompletedProcess:
    command = [sys.executable, *arguments]
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("arguments", [QCLUSTER, CHECK, WEB], ids=["qcluster", "check", "web"])
@pytest.mark.parametrize(
    ("login", "fault"),
    [
        ("boss", "it is a superuser"),
        ("ghost", "it has BYPASSRLS"),
        ("heir", r"it holds taskrunner_operator by inheritance \(grant WITH INHERIT FALSE, SET TRUE\)"),
        ("heir_of_heir", "it holds taskrunner_operator by inheritance"),
    ],
)
def test_an_unsafe_login_is_refused(postgres, login, fault, arguments):
    done = start(f"postgresql://{login}:x@/taskrunner?host={postgres.sockets}", arguments)
    assert done.returncode != 0
    assert f"Refusing to run as database login '{login}'" in done.stderr
    assert "Connect as a plain login" in done.stderr


def test_while_debugging_an_unsafe_login_is_a_warning(postgres, monkeypatch):
    monkeypatch.setenv("DEBUG", "true")
    done = start(f"postgresql://boss:x@/taskrunner?host={postgres.sockets}")
    assert '"WARNING"' in done.stderr
    assert "Refusing to run as database login 'boss'" in done.stderr
    assert 'relation "taskrunner_queues" does not exist' in done.stderr  # it went on


def test_single_does_not_mind_a_superuser(postgres, monkeypatch):
    monkeypatch.setenv("TASKRUNNER_ISOLATION", "single")
    for arguments in (QCLUSTER, CHECK, WEB):
        done = start(f"postgresql://boss:x@/taskrunner?host={postgres.sockets}", arguments)
        assert "Refusing to run" not in done.stderr


def test_what_has_nothing_to_do_with_us_may_connect_as_it_likes(postgres):
    """Django's own commands and the project's queries, e.g. of a superuser who migrates another app."""
    done = start(f"postgresql://boss:x@/taskrunner?host={postgres.sockets}", ["manage.py", "inspectdb"])
    assert (done.returncode, "Refusing" in done.stderr) == (0, False)


def test_the_apps_login_makes_no_temporary_table_in_a_database_that_is_ours(postgres):
    with closing(psycopg2.connect(postgres.url("app"))) as database, database.cursor() as cursor:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="temporary tables"):
            cursor.execute("CREATE TEMPORARY TABLE taskrunner_tasks (id uuid)")
        database.rollback()
        cursor.execute("SET ROLE taskrunner_operator")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege, match="temporary tables"):
            cursor.execute("CREATE TEMPORARY TABLE taskrunner_tasks (id uuid)")


def test_a_plain_login_is_not(postgres):
    done = start(postgres.url("app"))
    assert "Refusing to run" not in done.stderr
    assert (
        'relation "taskrunner_queues" does not exist' in done.stderr
    )  # it came as far as asking for a table: there is none yet
