"""Asking the database for one value, and what asking it has cost."""

from typing import Any

from django.db import connection


def ask(query: str, parameters: list[Any] | None = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return cursor.fetchone()[0]


def entries_read(indexes: str) -> int:
    """Entries, dead ones included, that this session has read so far of the indexes whose names match."""
    question = "SELECT sum(pg_stat_get_xact_tuples_returned(oid))::integer FROM pg_class WHERE relname ~ %s"
    return int(ask(question, [indexes]))
