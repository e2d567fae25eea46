"""Named SQL statements: one file each, in the sql/ folder of the room that runs it, with a comment on top.

A line `-- include: NAME.sql` stands for that file of sql/parts/, which several statements share.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from queueapp.db import driver
from queueapp.db.pooler import is_pooled
from queueapp.json_values import read_jsonb

INCLUDE = re.compile(r"^-- include: (\w+\.sql)$", re.MULTILINE)
PREPARED = re.compile(r"(?:PREPARE|EXECUTE) (\w+)")
JSONB = 3802  # the type's oid; Django leaves its values as text

Row = dict[str, Any]


class Columns(NamedTuple):
    """The names of a result's columns, and which of them are JSON documents."""

    names: list[str]
    documents: list[str]


# the statements that each database session has prepared, with their results' columns, which stay the same as long;
# None where a pooler gives each transaction another session
_prepared: WeakKeyDictionary[Any, dict[str, Columns | None] | None] = WeakKeyDictionary()


@cache
def load(name: str) -> str:
    """The text of <room>/sql/<name>.sql. Raises KeyError for a name that no room has."""
    file = _files()[name]
    return INCLUDE.sub(lambda found: (file.parent / "parts" / found[1]).read_text().rstrip(), file.read_text())


def names() -> frozenset[str]:
    """Of all statements."""
    return frozenset(_files())


def is_named(text: str) -> bool:
    """Whether a text prepares or calls one of these statements."""
    called = PREPARED.match(text)
    return called is not None and called[1] in _files()


@cache
def _files() -> dict[str, Path]:
    return {path.stem: path for path in Path(__file__).parents[1].glob("**/sql/*.sql")}


def rows(name: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Run a statement and return its rows. It is planned once a database session; behind a pooler each time."""
    database = connections[DEFAULT_DB_ALIAS]  # once: `connection` looks it up each time it is named
    with database.cursor() as cursor:
        prepared = _prepared_by(database)
        if prepared is None:
            driver.execute(cursor, load(name), parameters or {})
            return _fetch(cursor, _columns(cursor))
        text, names, call = _as_prepared(name)
        if name not in prepared:
            cursor.execute(text)
            prepared[name] = None
        driver.execute(cursor, call, [parameters[key] for key in names] if parameters else [])
        if (columns := prepared[name]) is None:
            columns = prepared[name] = _columns(cursor)
        return _fetch(cursor, columns)


def _prepared_by(database: BaseDatabaseWrapper) -> dict[str, Columns | None] | None:
    session = database.connection
    if session not in _prepared:
        _prepared[session] = None if is_pooled(database) else {}
    return _prepared[session]


@cache
def _as_prepared(name: str) -> tuple[str, list[str], str]:
    """A statement that is prepared, with $1, $2, … for its named parameters; their names in that order; its call."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    text = re.sub(r"%\((\w+)\)s", number, load(name))
    values = f" ({', '.join(['%s'] * len(names))})" if names else ""
    return f"PREPARE {name} AS {text}", names, f"EXECUTE {name}{values}"


def _columns(cursor: CursorWrapper) -> Columns:
    described = cursor.description or ()
    return Columns(
        [column.name for column in described], [column.name for column in described if column.type_code == JSONB]
    )


def _fetch(cursor: CursorWrapper, columns: Columns) -> list[Row]:
    fetched = [dict(zip(columns.names, row, strict=True)) for row in cursor.fetchall()]
    for name in columns.documents:
        for row in fetched:
            if row[name] is not None:
                row[name] = read_jsonb(row[name])
    return fetched
