"""The types a tenant may submit: those with a handler here, and those it declared for its own workers."""

from functools import cached_property
from uuid import UUID

from queueapp.models import TaskType
from queueapp.registry import Handler, find_handler
from queueapp.tenancy import bound_tenant, current_scope, ensure_scope
from queueapp.tenant_limits import effective_limits

# Both say the queue, the time-outs and the retries of their tasks; requests.py checks the parameters of each.
TypeRules = Handler | TaskType


class TypeFinder:
    """Finds types for one tenant. A type with a handler costs no query, a declared one a query for the whole batch."""

    def __init__(self, tenant_id: UUID | None) -> None:
        self._tenant_id = tenant_id
        self._declared: dict[str, TaskType | None] = {}

    def find(self, type: str) -> TypeRules | None:
        """The rules of a type; None for one that is unknown, or another tenant's."""
        found = find_handler(type)
        if found is not None:
            return found
        if type not in self._declared:
            self._declared[type] = self._read(type)
        return self._declared[type]

    def longest_seconds(self, rules: TypeRules) -> int:
        """How long a task of the type may run at most: the type's own cap, else the tenant's."""
        return rules.max_timeout_seconds or effective_limits(self.owner_id).task_max_runtime_seconds

    def _read(self, type: str) -> TaskType | None:
        with ensure_scope(self._tenant_id):
            # named in the query too, since an operator's scope does not narrow to a tenant
            return TaskType.objects.filter(tenant_id=self.owner_id, type=type).first()

    @cached_property
    def owner_id(self) -> UUID:
        """The tenant that submits."""
        scope = current_scope()
        return (scope.tenant_id if scope else None) or self._tenant_id or bound_tenant()
