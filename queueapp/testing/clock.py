"""Moving the clock of the test database and of the test process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from queueapp import clock
from queueapp.db import driver

TEST_PREFIX = "test_"  # what Django calls the databases that its tests make
FUNCTIONS = {
    "taskrunner_now": ("STABLE", "pg_catalog.now()"),
    "taskrunner_clock": ("VOLATILE", "pg_catalog.clock_timestamp()"),
}


_moved = timedelta()  # by the blocks that are open


@contextmanager
def moved_clock(by: timedelta, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Let the database's sessions, and this process, be later by so much inside the block; blocks add up.

    `using` names the connection of the login that owns the tables, where that is not the default one.
    Raises ImproperlyConfigured for a database that is not a test's.
    """
    database = connections[using]
    _refuse_real_database(database)
    before = _moved
    _move_to(database, before + by)
    try:
        with patch.object(clock, "now", lambda: datetime.now(UTC) + before + by):
            yield
    finally:
        _move_to(database, before)


def _move_to(database: BaseDatabaseWrapper, offset: timedelta) -> None:
    global _moved
    _moved = offset
    _replace_functions(database, offset)
    _notice()


def _notice() -> None:
    """Have the default connection see the new functions, which other sessions' transactions see at their start.

    In the middle of one PostgreSQL looks for what others changed when it takes a lock that it does not hold; with its
    savepoint this one is given back, for the next time.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if database.in_atomic_block:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute("SELECT FROM pg_catalog.pg_language LIMIT 0")
            transaction.set_rollback(True)


def _refuse_real_database(database: BaseDatabaseWrapper) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        (name,) = cursor.fetchone() or ("",)
    if not name.startswith(TEST_PREFIX):
        raise ImproperlyConfigured(f"{name!r} is no test database ({TEST_PREFIX}…): its clock stays as it is.")


def _replace_functions(database: BaseDatabaseWrapper, by: timedelta) -> None:
    with database.cursor() as cursor:
        for name, (volatility, time) in FUNCTIONS.items():
            body = f"SELECT {time} + interval '{by.total_seconds()} seconds'" if by else f"SELECT {time}"
            declared = f"{name}() RETURNS timestamptz LANGUAGE sql {volatility} PARALLEL SAFE"
            driver.execute(cursor, f"CREATE OR REPLACE FUNCTION {declared} AS %s", [body])
