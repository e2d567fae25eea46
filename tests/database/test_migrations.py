"""Migrations go back to nothing and forward to the same again, and say all that the models say."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connections
from psycopg2.extensions import make_dsn

from queueapp import conf

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Path(__file__).with_name("catalogue.sql").read_text()
LEFT_OF_THE_PLATFORM = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S')
        AND relname !~ '^(auth|django)_'
    UNION ALL
    SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


@pytest.fixture
def scratch(clean_database: None) -> Iterator[dict[str, str]]:
    """The environment that leads to an empty database of its own."""
    name = f"scratch_{connections['owner'].settings_dict['NAME']}"  # not `test_…`: what tests may do, all may
    with closing(psycopg2.connect(os.environ["OWNER_DATABASE_URL"])) as server:
        server.autocommit = True
        server.cursor().execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.cursor().execute(f'CREATE DATABASE "{name}"')
        variables = ("DATABASE_URL", "OWNER_DATABASE_URL")
        yield {**os.environ, **{variable: make_dsn(os.environ[variable], dbname=name) for variable in variables}}
        server.cursor().execute(f'DROP DATABASE "{name}"')


def migrate(environment: dict[str, str], *target: str) -> None:
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0", *target]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def read(environment: dict[str, str], query: str) -> list[str]:
    with closing(psycopg2.connect(environment["OWNER_DATABASE_URL"])) as database, database.cursor() as cursor:
        cursor.execute(query)
        return [line for (line,) in cursor.fetchall()]


def test_there_and_back_again(scratch):
    migrate(scratch)
    first = read(scratch, CATALOGUE)
    policies = sum(line.startswith("policy") for line in first)
    assert policies > 20 if conf.settings.isolation == "rls" else policies == 0
    migrate(scratch, "queueapp", "zero")
    assert read(scratch, LEFT_OF_THE_PLATFORM) == []
    migrate(scratch)
    assert read(scratch, CATALOGUE) == first


def test_models_and_migrations_agree(clean_database):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_app_runs_as_a_login_that_owns_nothing(clean_database):
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, False)
        cursor.execute("SELECT count(*) FROM pg_class WHERE pg_has_role(current_user, relowner, 'MEMBER')")
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT current_user <> pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        )
        assert cursor.fetchone() == (True,)
