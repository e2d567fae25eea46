"""Attacks that PostgreSQL itself shows to be some: it runs them in statements that a value was pasted into."""

import os
import re
from contextlib import closing
from itertools import accumulate
from urllib.parse import unquote

import psycopg2
import pytest

from configapp.validation import Refused
from configapp.validation.injection.check import check_injection
from configapp.validation.injection.decoding import readings
from tests.configapp.test_rates import is_refused, lines_of

SCHEMA = """
    CREATE SCHEMA attacked;
    SET search_path = attacked;
    CREATE TABLE users (id int, name text, password text, email text, role text, admin boolean);
    CREATE TABLE t (a int);
    CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
    INSERT INTO users VALUES (1, 'ann', 'secret', 'ann@example.com', 'user', false);
    SET LOCAL statement_timeout = '5s';
"""
# Statements as a careless program builds them, by what keeps the value together
PLACES = {
    "'": (
        "SELECT * FROM users WHERE name = '{}'",
        "SELECT * FROM users WHERE (name = '{}')",
        "SELECT * FROM users WHERE ((name = '{}'))",
        "SELECT * FROM users WHERE (((name = '{}')))",
        "SELECT count(*) FROM users WHERE name = '{}'",
        "UPDATE users SET name = '{}'",
        "INSERT INTO users (id, name) VALUES (1, '{}')",
        "INSERT INTO users (name, password) VALUES ('{}', 'x')",
    ),
    "E'": ("SELECT name FROM users WHERE name = E'{}'",),
    "$$": ("SELECT name FROM users WHERE name = $${}$$",),
    '"': ("""SELECT name FROM users WHERE "{}" = 'x'""", """SELECT name FROM users WHERE 'x' = "{}\""""),
    "*/": ("SELECT * FROM users WHERE id = 1 /* {} */", "/* {} */ SELECT 1"),
    "\n": ("-- {}",),
    "": (
        "SELECT * FROM users WHERE id = {}",
        "SELECT * FROM users WHERE id = 1 {}",
        "SELECT * FROM users WHERE (id = {})",
        "SELECT * FROM users WHERE ((id = {}))",
        "SELECT count(*) FROM users WHERE id = {}",
        "{}",
    ),
}


@pytest.fixture(scope="module")
def postgresql(django_db_setup):
    """A connection whose transaction is rolled back at the end."""
    with closing(psycopg2.connect(os.environ["OWNER_DATABASE_URL"])) as connection:
        connection.cursor().execute(SCHEMA)
        yield connection


def result(postgresql, statement):
    """The first row, None without rows, or the error; undone either way."""
    with postgresql.cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        try:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
        except psycopg2.Error as error:
            return error
        finally:
            cursor.execute("ROLLBACK TO SAVEPOINT before")


def gets_out(quote, text):
    """Whether what encloses the text ends inside it."""
    match quote:
        case "'" | '"':
            return quote in text.replace(2 * quote, "")
        case "E'":
            return "'" in re.sub(r"\\.|''", "", text)
        case "*/":
            depths = accumulate(1 if each == "/*" else -1 for each in re.findall(r"/\*|\*/", text))
            return min(depths, default=0) < 0
        case "":
            return not re.fullmatch(r"(?:/\*.*\*/)?\s*\d+\s*", text)  # a number is one value
    return quote in text


def changes_a_statement(postgresql, text):
    """Whether PostgreSQL runs a statement with the text in it, as more than one value."""
    return any(
        not isinstance(result(postgresql, statement.format(text)), psycopg2.Error)
        for quote, statements in PLACES.items()
        if gets_out(quote, text)
        for statement in statements
    )


@pytest.mark.parametrize("attack", lines_of("postgresql"))
def test_what_postgresql_runs_is_refused(postgresql, attack):
    assert changes_a_statement(postgresql, unquote(attack) if "%0a" in attack else attack)
    with pytest.raises(Refused):
        check_injection(attack, free_text=True)


@pytest.mark.parametrize("attack", [line for line in lines_of("any_database") if not is_refused(line)])
def test_what_is_taken_of_attacks_on_other_databases_does_nothing_to_postgresql(postgresql, attack):
    assert not any(changes_a_statement(postgresql, text) for text in readings(attack))
