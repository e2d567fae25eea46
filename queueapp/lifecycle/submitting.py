"""Submit: check everything, then insert all of it in one statement, or nothing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from queueapp.errors import FieldError, InvalidTask
from queueapp.lifecycle.inserting import insert_many, insert_one, insert_with_keys
from queueapp.lifecycle.requests import Submission, TaskRequest, prepare_many
from queueapp.lifecycle.routing import routing_table
from queueapp.lifecycle.task_types import TypeFinder
from queueapp.models import Task
from queueapp.tenancy import ensure_scope, one_statement_scope


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
    types = TypeFinder(tenant_id)
    (item,) = prepare_many([request], types, single=True)
    _choose_queues([item], tenant_id, single=True)
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
    types = TypeFinder(tenant_id)
    items = prepare_many(requests, types)
    _choose_queues(items, tenant_id, single=False)
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
