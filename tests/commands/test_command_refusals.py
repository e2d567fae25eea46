"""What goes wrong below a command is told in lines, not in a trace."""

import os
import pwd

import pytest
from psycopg2.extensions import make_dsn

from queueapp.management.base import cli_actor
from tests.commands.calling import manage
from tests.waiting import PATIENCE_SECONDS


@pytest.mark.parametrize("command", ["tasks", "qcluster", "migrate"])
def test_a_database_that_does_not_answer(clean_database, tmp_path, command):
    nowhere = make_dsn(os.environ["DATABASE_URL"], host=str(tmp_path))
    process = manage(command, DATABASE_URL=nowhere, OWNER_DATABASE_URL=nowhere)
    printed, words = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, printed) == (1, "")
    assert words.startswith("CommandError: PostgreSQL: connection to server")
    assert words.endswith("`manage.py doctor` checks every part.\n")
    assert "Traceback" not in words


def test_the_actor_is_the_account_and_not_what_the_environment_claims(monkeypatch):
    monkeypatch.setenv("USER", "mallory")
    monkeypatch.setenv("LOGNAME", "mallory")
    assert cli_actor() == f"operator:{pwd.getpwuid(os.geteuid()).pw_name}@cli"


def test_an_account_without_a_name_is_called_by_its_number(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 3_999_999_999)
    assert cli_actor() == "operator:3999999999@cli"
