"""Named SQL statements: one file each, with a comment on top and one caller."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection


@cache
def load(name: str) -> str:
    """The text of sql/<name>.sql."""
    return (Path(__file__).parent / f"{name}.sql").read_text()


JSONB = 3802  # the type's oid; Django leaves its values as text


def rows(name: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Run a statement and return its rows as dictionaries."""
    with connection.cursor() as cursor:
        cursor.execute(load(name), parameters or {})
        columns = [(column.name, column.type_code == JSONB) for column in cursor.description or ()]
        return [
            {
                name: json.loads(value) if is_json and value is not None else value
                for (name, is_json), value in zip(columns, row, strict=True)
            }
            for row in cursor.fetchall()
        ]
