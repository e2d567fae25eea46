"""Declare: a tenant says what the tasks of a type look like that its own workers will run."""

from typing import Any
from uuid import UUID

from django.db.models.functions import Now

from queueapp.errors import FieldError, InvalidValue
from queueapp.lifecycle.routing import routing_table
from queueapp.lifecycle.schemas import schema_fault
from queueapp.models import TaskType
from queueapp.registry import find_handler
from queueapp.tenancy import ensure_scope
from queueapp.tenant_limits import effective_limits

MAX_DECLARED_TYPES = 500


def declare(
    type: str,
    params_schema: dict[str, Any],
    *,
    tenant_id: UUID,
    queue: str,
    timeout_seconds: int,
    max_retries: int,
    retry_base_seconds: float,
) -> tuple[TaskType, bool]:
    """Declare a type, or replace what was declared of it; tasks accepted before keep what they were given.

    Returns the declaration and whether it is new. Raises InvalidValue naming the field that cannot be.
    """
    if find_handler(type) is not None:
        raise _refused("type", "type_registered", f"{type} has a handler here; choose another name")
    if fault := schema_fault(params_schema):
        raise _refused("params_schema", "schema_refused", fault)
    longest = effective_limits(tenant_id).task_max_runtime_seconds
    if timeout_seconds > longest:
        raise _refused("timeout_seconds", "above_limit", f"must be at most {longest}")
    with ensure_scope(tenant_id):
        queues = routing_table(tenant_id, fresh=True).queues
        if queue not in queues:
            raise _refused(
                "queue", "unknown_queue", f"there is no queue {queue!r}; there are: {', '.join(sorted(queues))}"
            )
        declared = TaskType.objects.filter(tenant_id=tenant_id)
        if declared.count() >= MAX_DECLARED_TYPES and not declared.filter(type=type).exists():
            raise _refused("type", "too_many_types", f"a tenant may declare at most {MAX_DECLARED_TYPES} types")
        return TaskType.objects.update_or_create(
            tenant_id=tenant_id,
            type=type,
            defaults={
                "params_schema": params_schema,
                "queue": queue,
                "timeout_seconds": timeout_seconds,
                "max_retries": max_retries,
                "retry_base_seconds": retry_base_seconds,
                "updated_at": Now(),
            },
        )


def _refused(field: str, code: str, message: str) -> InvalidValue:
    return InvalidValue(FieldError(field, code, message))
