"""Submit: check everything, then insert all of it in one statement, or nothing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from pydantic import TypeAdapter
from pydantic_core import to_json

from queueapp.db import statements
from queueapp.errors import DuplicateTask, FieldError, InvalidTask
from queueapp.models import DedupKey, Task
from queueapp.redis import notifier
from queueapp.states import Status
from queueapp.tasks.declared_types import TypeFinder
from queueapp.tasks.progress_log import log_enqueued
from queueapp.tasks.requests import Submission, TaskRequest, prepare_many
from queueapp.tasks.requirements import check_requirements
from queueapp.tasks.routing import routing_table
from queueapp.tasks.transitions import cancel_many
from queueapp.tenancy import ensure_scope, one_statement_scope
from queueapp.tenancy.logins import refuse_unsafe_login

# what each column of a new task holds where neither its request nor the database says otherwise
DEFAULTS = {field.attname: field.get_default() for field in Task._meta.concrete_fields}

_rows = TypeAdapter(list[Submission])


def insert_one(tenant_id: UUID, item: Submission) -> Task:
    """Insert a submission without a key. One statement; needs a scope."""
    given: dict[str, Any] = {
        "id": item.id,
        "tenant_id": tenant_id,
        "type": item.type,
        "queue": item.queue,
        "params": item.params,
        "requirements": item.requirements,
        "labels": item.labels,
        "priority": item.priority,
        "run_at": item.run_at,
        "expires_at": item.expires_at,
        "max_retries": item.max_retries,
        "timeout_seconds": item.timeout_seconds,
        "retried_from_id": item.retried_from_id,
    }
    as_json = {"params": to_json(item.params).decode(), "requirements": to_json(item.requirements).decode()}
    relative = {"delay_seconds": item.delay_seconds, "expires_seconds": item.expires_seconds}
    (decided,) = statements.rows("submit_task", {**given, **as_json, **relative})
    if decided["status"] == Status.QUEUED:
        notifier.notify_on_commit([given["queue"]])
    log_enqueued(tenant_id, [item.id], task_type=item.type, queue=item.queue)
    row = {**DEFAULTS, **given, **decided}  # what is known is not read back: parameters may be large
    return Task.from_db(DEFAULT_DB_ALIAS, row.keys(), row.values())


def insert_many(tenant_id: UUID, items: list[Submission]) -> None:
    """Insert submissions without keys. One statement; needs a scope."""
    ready = statements.rows("submit_tasks", {"tenant_id": tenant_id, "tasks": _as_json(items)})
    notifier.notify_on_commit(row["queue"] for row in ready)
    log_enqueued(tenant_id, [item.id for item in items])


def insert_with_keys(tenant_id: UUID, items: list[Submission]) -> list[UUID]:
    """Insert each submission unless its key is taken; for each, in order, the id of the task that it became or found.

    Up to three statements; needs a scope. Raises DuplicateTask where one with a taken key asked to be rejected.
    """
    kept, stand_ins = _first_of_each_key(items)
    rows = statements.rows("submit_tasks_with_keys", {"tenant_id": tenant_id, "tasks": _as_json(kept)})
    inserted = {row["id"] for row in rows}
    holders = _holders_of_taken_keys(tenant_id, [item for item in kept if item.id not in inserted])
    cancel_many([row["replaced_id"] for row in rows if row["replaced_id"]])
    notifier.notify_on_commit(row["queue"] for row in rows if row["status"] == Status.QUEUED)
    log_enqueued(tenant_id, list(inserted))
    final = {item.id: holders.get(item.id, item.id) for item in kept}
    return [final[stand_ins.get(item.id, item.id)] for item in items]


def _as_json(items: list[Submission]) -> str:
    # most options are None, and what is missing is read as NULL; in parameters, which are plain by now, each null stays
    return _rows.dump_json(items, exclude_none=True).decode()


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


def submit_internal(request: TaskRequest | dict[str, Any], *, tenant_id: UUID | None = None) -> Task:
    """As submit_request, for the platform's own code: the type may be an internal one."""
    return _submit(request, TypeFinder(tenant_id, internal=True), tenant_id)


def submit_request(request: TaskRequest | dict[str, Any], *, tenant_id: UUID | None = None) -> Task:
    """As submit, with the request as one thing."""
    return _submit(request, TypeFinder(tenant_id), tenant_id)


def check_submission(request: TaskRequest | dict[str, Any], types: TypeFinder) -> Submission:
    """All that a submit checks, without storing a task. Raises InvalidTask."""
    (item,) = prepare_many([request], types, single=True)
    _choose_queues([item], types.owner_id, single=True)
    check_requirements([item], types.owner_id, single=True)
    return item


def _submit(request: TaskRequest | dict[str, Any], types: TypeFinder, tenant_id: UUID | None) -> Task:
    refuse_unsafe_login()
    item = check_submission(request, types)
    if item.dedup_key is None:
        with one_statement_scope(tenant_id):
            return insert_one(types.owner_id, item)
    with ensure_scope(tenant_id):
        (task_id,) = insert_with_keys(types.owner_id, [item])
        return Task.objects.get(id=task_id)


def submit_many(requests: Sequence[TaskRequest | dict[str, Any]], *, tenant_id: UUID | None = None) -> list[UUID]:
    """Submit a batch, all or none, and return the tasks' ids in the order of the requests.

    Raises InvalidTask with every bad item's errors, or DuplicateTask.
    """
    if not requests:
        return []
    refuse_unsafe_login()
    types = TypeFinder(tenant_id)
    items = prepare_many(requests, types)
    _choose_queues(items, tenant_id, single=False)
    check_requirements(items, types.owner_id, single=False)
    if any(item.dedup_key is not None for item in items):
        with ensure_scope(tenant_id):
            return insert_with_keys(types.owner_id, items)
    with one_statement_scope(tenant_id):
        insert_many(types.owner_id, items)
    return [item.id for item in items]


def _choose_queues(submissions: list[Submission], tenant_id: UUID | None, *, single: bool) -> None:
    """Fill in each submission's queue. Raises InvalidTask naming every queue that does not exist."""
    table = routing_table(tenant_id)
    if any(item.queue and item.queue not in table.queues for item in submissions):
        table = routing_table(tenant_id, fresh=True)
    errors: list[FieldError] = []
    for index, item in enumerate(submissions):
        try:
            item.queue = table.queue_for(item.type, item.queue, item.queue_of_type, "" if single else f"tasks.{index}.")
        except InvalidTask as error:
            errors.extend(error.errors)
    if errors:
        raise InvalidTask(errors)
