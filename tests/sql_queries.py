"""Asking the database for one value, and what asking it has cost."""

from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from tests.waiting import threads, wait_until


def ask(query: str, parameters: list[Any] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone()[0]


def end_session(database: BaseDatabaseWrapper) -> None:
    """End the session behind a connection of this thread, which has yet to notice."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with threads(1) as run:
        run(ask, "SELECT pg_terminate_backend(%s)", [pid]).result()
        wait_until(lambda: not run(ask, "SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid]).result())


def entries_read(indexes: str) -> int:
    """Entries, dead ones included, that this session has read so far of the indexes whose names match."""
    question = "SELECT sum(pg_stat_get_xact_tuples_returned(oid))::integer FROM pg_class WHERE relname ~ %s"
    return int(ask(question, [indexes]))
