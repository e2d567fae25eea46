"""Raw SQL of every verb against one table, each statement after another tenant's rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.backends.utils import CursorWrapper
from django.db.utils import ProgrammingError

from tests.sql_queries import copy_out, sqlstate
from tests.tenancy.rows import tenant_column

NUMBERED = {"taskrunner_task_deltas", "taskrunner_task_logs"}  # by the database
NO_PRIVILEGE = "42501"  # also what a policy answers to a row that it does not admit

# Which columns a role may write decides what it can try; where there is none, it tries anyway.
WRITABLE = """
    SELECT attname, has_column_privilege(current_user, attrelid, attnum, 'INSERT'),
        has_column_privilege(current_user, attrelid, attnum, 'UPDATE')
    FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


@dataclass(frozen=True)
class Attack:
    """Who is after whose rows of which table; `loot` is one of these rows, as its owner knows it."""

    table: str
    attacker: UUID
    victim: UUID
    loot: dict[str, Any]

    def statements(self, cursor: CursorWrapper) -> Iterator[str]:
        """As near as the cursor's role can come."""
        cursor.execute(WRITABLE, [self.table])
        columns = cursor.fetchall()
        tenant = tenant_column(self.table)
        writable = next((name for name, _, updatable in columns if updatable and name != tenant), tenant)
        yield from self._reads(tenant)
        yield from self._writes(tenant, writable)
        insertable = [name for name, may_insert, _ in columns if may_insert] or [name for name, _, _ in columns]
        yield from self._inserts(tenant, writable, ", ".join(insertable))

    def _reads(self, tenant: str) -> Iterator[str]:
        yield f"SELECT * FROM {self.table}"
        yield f"SELECT * FROM {self.table} WHERE {tenant} = '{self.victim}'"
        yield f"SELECT * FROM {self.table} WHERE {tenant} = '{self.victim}' FOR UPDATE"
        yield f"WITH x AS MATERIALIZED (SELECT * FROM {self.table}) SELECT * FROM x"
        yield f"COPY {self.table} TO STDOUT"
        yield f"COPY (SELECT * FROM {self.table}) TO STDOUT"

    def _writes(self, tenant: str, column: str) -> Iterator[str]:
        table, theirs = self.table, f"{tenant} = '{self.victim}'"
        yield f"UPDATE {table} SET {column} = {column} RETURNING *"
        yield f"UPDATE {table} SET {column} = DEFAULT WHERE {theirs}"
        yield f"UPDATE {table} SET {tenant} = '{self.victim}'"
        yield f"UPDATE {table} SET {tenant} = '{self.attacker}' WHERE {theirs}"
        yield f"DELETE FROM {table} WHERE {theirs}"
        yield f"WITH d AS (DELETE FROM {table} WHERE {theirs} RETURNING *) SELECT * FROM d"
        yield f"TRUNCATE {table} CASCADE"
        merge = (
            f"MERGE INTO {table} AS t USING (SELECT '{self.victim}'::uuid AS id) AS victim ON t.{tenant} = victim.id"
        )
        yield f"{merge} WHEN MATCHED THEN UPDATE SET {column} = DEFAULT RETURNING t.*"
        yield f"{merge} WHEN MATCHED THEN DELETE"

    def _inserts(self, tenant: str, column: str, columns: str) -> Iterator[str]:
        new_id = 2**40 if self.table in NUMBERED else str(uuid4())
        overwriting = f"ON CONFLICT (id) DO UPDATE SET {column} = excluded.{column} RETURNING *"
        if self.table == "taskrunner_task_logs":  # which has no key that could conflict
            overwriting = "RETURNING *"
        for changes, ending in (
            ({"id": new_id}, ""),
            ({tenant: str(self.attacker)}, "ON CONFLICT DO NOTHING RETURNING *"),
            ({}, overwriting),
            ({tenant: str(self.attacker)}, overwriting),
        ):
            row = json.dumps(self.loot | changes).replace("'", "''")
            source = f"SELECT {columns} FROM jsonb_populate_record(NULL::{self.table}, '{row}')"
            yield f"INSERT INTO {self.table} ({columns}) OVERRIDING SYSTEM VALUE {source} {ending}"


def answer_to(cursor: CursorWrapper, statement: str) -> str | None:
    """All that a statement answered, as text; None when it was refused, and undone."""
    try:
        with transaction.atomic():
            if statement.startswith("COPY"):
                return copy_out(cursor, statement)
            cursor.execute(statement)
            return repr(cursor.fetchall()) if cursor.description else ""
    except ProgrammingError as error:
        assert sqlstate(error) == NO_PRIVILEGE, statement
        return None
