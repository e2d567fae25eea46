"""Submit: check everything, then insert all of it in one statement, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from pydantic import TypeAdapter

from queueapp import doorbell, sql
from queueapp.errors import DuplicateTask, FieldError, InvalidTask
from queueapp.lifecycle.requests import Submission, TaskRequest, prepare_many
from queueapp.lifecycle.routing import routing_table
from queueapp.lifecycle.task_types import TypeFinder
from queueapp.lifecycle.verbs import cancel_many
from queueapp.models import DedupKey, Task
from queueapp.states import Status
from queueapp.tenancy import bound_tenant, ensure_scope

_rows = TypeAdapter(list[Submission])


def submit(
    type: str,
    params: dict[str, Any] | None = None,
    *,
    tenant_id: UUID | None = None,
    **options: Any,
) -> Task:
    """Submit one task and return it; `options` are the other fields of TaskRequest.

    With `dedup`, the task returned may be an earlier one that holds the key.
    Raises InvalidTask (nothing is stored) or DuplicateTask.
    """
    return submit_request({"type": type, "params": params or {}, **options}, tenant_id=tenant_id)


def submit_request(request: TaskRequest | dict[str, Any], *, tenant_id: UUID | None = None) -> Task:
    """As submit, with the request as one thing."""
    with ensure_scope(tenant_id):
        accepted = _submit([request], tenant_id, single=True)
        (task_id,) = accepted.task_ids
        if task_id in accepted.rows:
            return _as_task(accepted.tenant_id, accepted.sent[task_id], accepted.rows[task_id])
        return Task.objects.get(id=task_id)


def submit_many(requests: Sequence[TaskRequest | dict[str, Any]], *, tenant_id: UUID | None = None) -> list[UUID]:
    """Submit a batch, all or none, and return the tasks' ids in the order of the requests.

    Raises InvalidTask with every bad item's errors, or DuplicateTask.
    """
    return _submit(requests, tenant_id).task_ids if requests else []


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What became of a batch: each request's task, in their order, and what was sent and inserted by task id."""

    tenant_id: UUID
    task_ids: list[UUID]
    sent: dict[UUID, Submission]
    rows: dict[UUID, sql.Row]


def _submit(
    requests: Sequence[TaskRequest | dict[str, Any]], tenant_id: UUID | None, *, single: bool = False
) -> _Accepted:
    submissions = prepare_many(requests, TypeFinder(tenant_id), single=single)
    with ensure_scope(tenant_id) as scope:
        _choose_queues(submissions, single=single)
        kept, stand_ins = _first_of_each_key(submissions)
        owner_id = scope.tenant_id or tenant_id or bound_tenant()
        rows = _insert(owner_id, kept)
        holders = _holders_of_taken_keys(owner_id, [item for item in kept if item.id not in rows])
        cancel_many([row["replaced_id"] for row in rows.values() if row.get("replaced_id")])
        ready = {row["id"] for row in rows.values() if row["status"] == Status.QUEUED}
        doorbell.ring_on_commit({str(item.queue) for item in kept if item.id in ready})
    final = {item.id: holders.get(item.id, item.id) for item in kept}
    task_ids = [final[stand_ins.get(item.id, item.id)] for item in submissions]
    return _Accepted(owner_id, task_ids, {item.id: item for item in kept}, rows)


def _insert(tenant_id: UUID, submissions: list[Submission]) -> dict[UUID, sql.Row]:
    """The inserted rows by task id; those whose deduplication key is taken are missing."""
    parameters = {"tenant_id": tenant_id, "tasks": _rows.dump_json(submissions).decode()}
    with_keys = any(item.dedup_key is not None for item in submissions)
    rows = sql.rows("submit_tasks_with_keys", parameters) if with_keys else sql.rows("submit_tasks", parameters)
    return {row["id"]: row for row in rows}


def _as_task(tenant_id: UUID, sent: Submission, row: sql.Row) -> Task:
    """The task, put together from what was sent and what came back, without asking again."""
    task = Task(
        tenant_id=tenant_id,
        type=sent.type,
        queue=str(sent.queue),
        params=sent.params,
        requirements=sent.requirements,
        labels=sent.labels,
        priority=sent.priority,
        max_retries=sent.max_retries,
        timeout_seconds=sent.timeout_seconds,
        **{name: value for name, value in row.items() if name != "replaced_id"},
    )
    task._state.adding, task._state.db = False, connection.alias
    return task


def _choose_queues(submissions: list[Submission], *, single: bool) -> None:
    """Fill in each submission's queue. Raises InvalidTask naming every queue that does not exist."""
    table = routing_table()
    if any(item.queue and item.queue not in table.queues for item in submissions):
        table = routing_table(fresh=True)
    errors: list[FieldError] = []
    for index, item in enumerate(submissions):
        try:
            item.queue = table.queue_for(item.type, item.queue, item.queue_of_type, "" if single else f"tasks.{index}.")
        except InvalidTask as error:
            errors.extend(error.errors)
    if errors:
        raise InvalidTask(errors)


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
