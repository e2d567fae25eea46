"""The peers' tables in PostgreSQL: what they take up, and what autovacuum would do to them within minutes."""

import psycopg

from benchmarks.adapters.peer import DATABASE_URL

ALL = """
    pg_class WHERE relkind = 'r'
        AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
"""
SIZE = f"SELECT sum(pg_total_relation_size(oid))::bigint FROM {ALL}"
NAMES = f"SELECT oid::regclass::text FROM {ALL}"


def size() -> int:
    """Bytes of all of them, with their indexes."""
    with _administrator() as connection:
        row = connection.execute(SIZE).fetchone()
    return int(row[0] or 0) if row else 0


def tidy() -> None:
    """Leave no dead row behind, so that no run meets another's remains."""
    _each("VACUUM (FULL, ANALYZE)")


def analyse() -> None:
    _each("ANALYZE")


def _each(command: str) -> None:
    with _administrator() as connection:
        for (name,) in connection.execute(NAMES).fetchall():
            connection.execute(f"{command} {name}")
        connection.execute("CHECKPOINT")


def _administrator() -> psycopg.Connection:
    return psycopg.connect(DATABASE_URL, autocommit=True)
