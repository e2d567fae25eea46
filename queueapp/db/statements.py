"""Named SQL statements: one file each, in the sql/ folder of the room that runs it, with a comment on top.

A line `-- include: NAME.sql` stands for that file of sql/parts/, which several statements share.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper

from queueapp.db import driver

INCLUDE = re.compile(r"^-- include: (\w+\.sql)$", re.MULTILINE)
JSONB = 3802  # the type's oid; Django leaves its values as text

Row = dict[str, Any]

# the statements that each database session has prepared
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


@cache
def load(name: str) -> str:
    """The text of <room>/sql/<name>.sql. Raises KeyError for a name that no room has."""
    file = _files()[name]
    return INCLUDE.sub(lambda found: (file.parent / "parts" / found[1]).read_text().rstrip(), file.read_text())


def names() -> frozenset[str]:
    """Of all statements."""
    return frozenset(_files())


@cache
def _files() -> dict[str, Path]:
    return {path.stem: path for path in Path(__file__).parents[1].glob("**/sql/*.sql")}


def rows(name: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Run a statement and return its rows. It is parsed and planned once a database session."""
    text, names = _as_prepared(name)
    database = connections[DEFAULT_DB_ALIAS]  # once: `connection` looks it up each time it is named
    with database.cursor() as cursor:
        if database.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            # Django's word for a pooler in transaction mode: the next transaction may be in another session
            driver.execute(cursor, load(name), parameters or {})
            return _fetch(cursor)
        known = _prepared.setdefault(database.connection, set())
        if name not in known:
            cursor.execute(f"PREPARE {name} AS {text}")
            known.add(name)
        values = [parameters[key] for key in names] if parameters else []
        call = f"EXECUTE {name} ({', '.join(['%s'] * len(names))})" if names else f"EXECUTE {name}"
        driver.execute(cursor, call, values)
        return _fetch(cursor)


@cache
def _as_prepared(name: str) -> tuple[str, list[str]]:
    """A statement with $1, $2, … for its named parameters, and their names in that order."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return re.sub(r"%\((\w+)\)s", number, load(name)), names


def _fetch(cursor: CursorWrapper) -> list[Row]:
    described = cursor.description or ()
    columns = [column.name for column in described]
    documents = [column.name for column in described if column.type_code == JSONB]
    fetched = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    for name in documents:
        for row in fetched:
            if row[name] is not None:
                row[name] = json.loads(row[name])
    return fetched
