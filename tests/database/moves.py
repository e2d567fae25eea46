"""Raw SQL moves of a task, in the name of each of those who may make some: what psql could do, and no more."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connections, transaction
from django.db.backends.utils import CursorWrapper

from queueapp.models import Task
from queueapp.states import FINAL, TRANSITIONS, Status, Who
from queueapp.tenancy import operator_scope, system_scope, tenant_scope, worker_scope
from tests.sql_queries import sqlstate

# Not a role of the platform: a login that set none, such as a person in psql whom row-level security lets through.
SQL = "sql"
EVERYONE = [*Who, SQL]


@dataclass(frozen=True)
class Refusal:
    sqlstate: str
    constraint: str


def may(who: str, source: Status | None, target: Status) -> bool:
    return any((t.source, t.target) == (source, target) and who in (t.who, SQL) for t in TRANSITIONS)


@contextmanager
def acting_as(who: str, tenant_id: UUID, worker_id: UUID) -> Iterator[CursorWrapper]:
    """A cursor in the role of `who`. What an SQL login does is rolled back, with the opening that let it in."""
    scopes = {
        Who.CLIENT: lambda: tenant_scope(tenant_id, actor="client:test"),
        Who.OPERATOR: lambda: operator_scope("operator:test"),
        Who.SYSTEM: lambda: system_scope("test"),
        Who.WORKER: lambda: worker_scope(worker_id),
        SQL: _let_the_owner_through,
    }
    with scopes[who](), connections["owner" if who == SQL else "default"].cursor() as cursor:
        yield cursor


@contextmanager
def _let_the_owner_through() -> Iterator[None]:
    with transaction.atomic(using="owner"):
        with connections["owner"].cursor() as cursor:
            for table in (
                "taskrunner_tasks",
                "taskrunner_task_logs",
                "taskrunner_dedup_keys",
                "taskrunner_artifacts",
                "taskrunner_runs",
                "taskrunner_run_metrics",
                "taskrunner_run_notes",
                "taskrunner_schedules",
                "taskrunner_schedule_slots",
            ):
                cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        yield
        transaction.set_rollback(True, using="owner")


def move(cursor: CursorWrapper, who: str, task: Task, target: Status) -> Refusal | None:
    """Move a task with the columns that constraints want. A client may not write the lease, so it does not try."""
    finished = "now()" if target in FINAL else "NULL"
    lease = "now() + interval '1 minute'" if target == Status.LEASED else "NULL"
    lease_column = "" if who == Who.CLIENT else f", lease_expires_at = {lease}"
    statement = f"UPDATE taskrunner_tasks SET status = %s, finished_at = {finished}{lease_column} WHERE id = %s"
    return attempt(cursor, statement, [target, task.id])


def insert(cursor: CursorWrapper, who: str, tenant_id: UUID, worker_id: UUID, target: Status) -> Refusal | None:
    columns: dict[str, object] = {"tenant_id": tenant_id, "type": "echo", "queue": "default", "status": target}
    if who != Who.CLIENT and target in FINAL:
        columns["finished_at"] = "now"
    if who != Who.CLIENT and target == Status.LEASED:
        columns |= {"worker_id": worker_id, "lease_expires_at": "tomorrow"}
    places = ", ".join(["%s"] * len(columns))
    return attempt(
        cursor, f"INSERT INTO taskrunner_tasks ({', '.join(columns)}) VALUES ({places})", list(columns.values())
    )


def attempt(cursor: CursorWrapper, statement: str, parameters: Any = None) -> Refusal | None:
    """Run a statement that should touch one row, in a savepoint; None when it did."""
    try:
        with transaction.atomic(using=cursor.db.alias):
            cursor.execute(statement, parameters)
            assert cursor.rowcount == 1, f"{cursor.rowcount} rows: {statement}"
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError as error:
        return Refusal(sqlstate(error), error.__cause__.diag.constraint_name or "")
    return None
