"""Checked submissions become rows, all of them in one statement, and the bell rings once they are committed."""

import json
from uuid import UUID

from django.db import connection
from pydantic import TypeAdapter

from queueapp import doorbell, sql
from queueapp.errors import DuplicateTask
from queueapp.lifecycle.requests import Submission
from queueapp.lifecycle.verbs import cancel_many
from queueapp.models import DedupKey, Task
from queueapp.states import Status

COLUMNS = [field.attname for field in Task._meta.concrete_fields]

_rows = TypeAdapter(list[Submission])


def insert_one(tenant_id: UUID, item: Submission) -> Task:
    """Insert a submission without a key. One statement; needs a scope."""
    (row,) = sql.rows(
        "submit_task",
        {
            "id": item.id,
            "tenant_id": tenant_id,
            "type": item.type,
            "queue": item.queue,
            "params": json.dumps(item.params),
            "requirements": json.dumps(item.requirements),
            "labels": item.labels,
            "priority": item.priority,
            "run_at": item.run_at,
            "delay_seconds": item.delay_seconds,
            "max_retries": item.max_retries,
            "timeout_seconds": item.timeout_seconds,
        },
    )
    if row["status"] == Status.QUEUED:
        doorbell.ring_on_commit([row["queue"]])
    return Task.from_db(connection.alias, COLUMNS, [row[column] for column in COLUMNS])


def insert_many(tenant_id: UUID, items: list[Submission]) -> None:
    """Insert submissions without keys. One statement; needs a scope."""
    ready = sql.rows("submit_tasks", {"tenant_id": tenant_id, "tasks": _as_json(items)})
    doorbell.ring_on_commit(row["queue"] for row in ready)


def insert_with_keys(tenant_id: UUID, items: list[Submission]) -> list[UUID]:
    """Insert each submission unless its key is taken; for each, in order, the id of the task that it became or found.

    Up to three statements; needs a scope. Raises DuplicateTask where one with a taken key asked to be rejected.
    """
    kept, stand_ins = _first_of_each_key(items)
    rows = sql.rows("submit_tasks_with_keys", {"tenant_id": tenant_id, "tasks": _as_json(kept)})
    inserted = {row["id"] for row in rows}
    holders = _holders_of_taken_keys(tenant_id, [item for item in kept if item.id not in inserted])
    cancel_many([row["replaced_id"] for row in rows if row["replaced_id"]])
    doorbell.ring_on_commit(row["queue"] for row in rows if row["status"] == Status.QUEUED)
    final = {item.id: holders.get(item.id, item.id) for item in kept}
    return [final[stand_ins.get(item.id, item.id)] for item in items]


def _as_json(items: list[Submission]) -> str:
    return _rows.dump_json(items).decode()


def _first_of_each_key(submissions: list[Submission]) -> tuple[list[Submission], dict[UUID, UUID]]:
    """The submissions to insert, and for each later one of the same key the first one's id.

    One statement cannot take a key twice. Raises DuplicateTask where the later one asked to be rejected.
    """
    kept: list[Submission] = []
    first: dict[tuple[str | None, str], UUID] = {}
    stand_ins: dict[UUID, UUID] = {}
    for item in submissions:
        if item.dedup_key is None or (item.queue, item.dedup_key) not in first:
            kept.append(item)
            if item.dedup_key is not None:
                first[item.queue, item.dedup_key] = item.id
        elif item.dedup_reject:
            raise DuplicateTask(item.dedup_key, first[item.queue, item.dedup_key])
        else:
            stand_ins[item.id] = first[item.queue, item.dedup_key]
    return kept, stand_ins


def _holders_of_taken_keys(tenant_id: UUID, missing: list[Submission]) -> dict[UUID, UUID]:
    """For each submission whose key was taken: the id of the task that holds it.

    A statement of its own, because the one that waited for the key's holder cannot see it.
    """
    if not missing:
        return {}
    keys = DedupKey.objects.filter(tenant_id=tenant_id, key__in=[item.dedup_key for item in missing])
    held = {(key.queue, key.key): key.task_id for key in keys}
    for item in missing:
        if item.dedup_reject:
            raise DuplicateTask(item.dedup_key or "", held[item.queue or "", item.dedup_key or ""])
    return {item.id: held[item.queue or "", item.dedup_key or ""] for item in missing}
