"""Which queue a task goes to: the one asked for, else the longest matching route's, else its type's."""

import time
from dataclasses import dataclass
from uuid import UUID

from queueapp.errors import FieldError, InvalidTask
from queueapp.models import Queue, Route
from queueapp.tenancy import ensure_scope
from queueapp.type_patterns import most_specific

STALE_AFTER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class RoutingTable:
    """The queues and routes as they were at one moment; a process reads them at most once a second."""

    read_at: float
    queues: frozenset[str]
    routes: dict[str, str]

    @property
    def is_stale(self) -> bool:
        return time.monotonic() - self.read_at > STALE_AFTER_SECONDS

    def queue_for(self, type: str, wanted: str | None, queue_of_type: str, path: str = "") -> str:
        """Raises InvalidTask when the queue asked for does not exist."""
        name = wanted or self._routed(type) or queue_of_type
        if name not in self.queues:
            known = ", ".join(sorted(self.queues))
            message = f"there is no queue {name!r}; there are: {known}"
            raise InvalidTask([FieldError(f"{path}queue", "unknown_queue", message)])
        return name

    def _routed(self, type: str) -> str | None:
        pattern = most_specific(type, self.routes)
        return None if pattern is None else self.routes[pattern]


_table: RoutingTable | None = None


def routing_table(tenant_id: UUID | None, *, fresh: bool = False) -> RoutingTable:
    """The current routes; `fresh` reads them again, e.g. after a queue was not found.

    They are the same for all tenants; `tenant_id` is whose scope to read them in where none is open.
    """
    global _table
    if fresh or _table is None or _table.is_stale:
        with ensure_scope(tenant_id):
            _table = RoutingTable(
                read_at=time.monotonic(),
                queues=frozenset(Queue.objects.values_list("name", flat=True)),
                routes={route.pattern: str(route.queue_id) for route in Route.objects.all()},
            )
    return _table
