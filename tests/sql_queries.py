"""Asking the database for one value, and what asking it has cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.psycopg_any import is_psycopg3
from django.db.backends.utils import CursorWrapper

from tests.waiting import threads, wait_until


def ask(query: str, parameters: list[Any] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone()[0]


def sqlstate(error: DatabaseError) -> str | None:
    """PostgreSQL's code for what went wrong, as psycopg2 or psycopg 3 tells it."""
    cause: Any = error.__cause__
    return cause.sqlstate if hasattr(cause, "sqlstate") else cause.pgcode


def copy_out(cursor: CursorWrapper, statement: str) -> str:
    """What a COPY … TO STDOUT answers."""
    if not is_psycopg3:
        copied = StringIO()
        with cursor.db.wrap_database_errors:
            cursor.copy_expert(statement, copied)
        return copied.getvalue()
    with cursor.db.wrap_database_errors, cursor.copy(statement) as copy:
        return b"".join(map(bytes, copy)).decode()


@contextmanager
def notices(database: BaseDatabaseWrapper) -> Iterator[list[str]]:
    """What the server tells by RAISE NOTICE meanwhile; complete at the end."""
    told: list[str] = []
    if is_psycopg3:
        database.connection.add_notice_handler(lambda diagnostic: told.append(diagnostic.message_primary))
        yield told
    else:
        yield told
        told.extend(database.connection.notices)


def end_session(database: BaseDatabaseWrapper) -> None:
    """End the session behind a connection of this thread, which has yet to notice."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with threads(1) as run:
        run(ask, "SELECT pg_terminate_backend(%s)", [pid]).result()
        wait_until(lambda: not run(ask, "SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid]).result())


def end_other_sessions() -> None:
    """End every session of this login but the caller's.

    They are gone at the return: a session that has its end before it would still be given a statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()"
        )
        assert all(ended for (ended,) in cursor.fetchall())
        cursor.execute("SELECT 1")  # a pooler between answers this after it has seen them end


def entries_read(indexes: str) -> int:
    """Entries, dead ones included, that this session has read so far of the indexes whose names match."""
    question = "SELECT sum(pg_stat_get_xact_tuples_returned(oid))::integer FROM pg_class WHERE relname ~ %s"
    return int(ask(question, [indexes]))
