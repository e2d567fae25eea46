"""Declare: a tenant says what the tasks of a type look like that its own workers will run."""

from functools import cached_property
from typing import Any
from uuid import UUID

from queueapp.errors import FieldError, InvalidValue
from queueapp.handlers import Handler, find_handler
from queueapp.limits.tenant_limits import effective_limits
from queueapp.models import TaskType
from queueapp.models.base import Now
from queueapp.tasks.json_schema import schema_fault
from queueapp.tasks.routing import routing_table
from queueapp.tenancy import bound_tenant, current_scope, ensure_scope

# Both say the queue, the time-outs and the retries of their tasks; requests.py checks the parameters of each.
TypeRules = Handler | TaskType


class TypeFinder:
    """Finds types for one tenant. A type with a handler costs no query, a declared one a query for the whole batch.

    With `internal` it finds the internal types too, which to everybody else are unknown.
    """

    def __init__(self, tenant_id: UUID | None, *, internal: bool = False) -> None:
        self._tenant_id = tenant_id
        self._internal = internal
        self._declared: dict[str, TaskType | None] = {}

    def find(self, type: str) -> TypeRules | None:
        """The rules of a type; None for one that is unknown, or another tenant's."""
        found = find_handler(type)
        if found is not None:
            # not as a declaration of the same name says: a cluster would run the task by the handler
            return found if self._internal or not found.internal else None
        if type not in self._declared:
            self._declared[type] = self._read(type)
        return self._declared[type]

    def longest_seconds(self, rules: TypeRules) -> int:
        """How long a task of the type may run at most: the type's own cap, else the tenant's."""
        return rules.max_timeout_seconds or self._tenants_longest_seconds

    @cached_property
    def _tenants_longest_seconds(self) -> int:
        return effective_limits(self.owner_id).task_max_runtime_seconds

    def _read(self, type: str) -> TaskType | None:
        with ensure_scope(self._tenant_id):
            # named in the query too, since an operator's scope does not narrow to a tenant
            return TaskType.objects.filter(tenant_id=self.owner_id, type=type).first()

    @cached_property
    def owner_id(self) -> UUID:
        """The tenant that submits."""
        scope = current_scope()
        return (scope.tenant_id if scope else None) or self._tenant_id or bound_tenant()


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
    return InvalidValue([FieldError(field, code, message)])
