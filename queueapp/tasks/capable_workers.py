"""Which live workers could take a task, and what the nearest of those that could not lacks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from queueapp.claiming import Capabilities
from queueapp.handlers import find_handler
from queueapp.models import ApiKey, Worker
from queueapp.redaction import masked
from queueapp.tasks.queries import live_workers
from queueapp.type_patterns import meets, type_matches

MOST_LACKS = 10
MOST_CHARACTERS = 100  # of one: a tenant wrote it


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a task asks of its worker."""

    queue: str
    type: str
    requirements: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Nearest:
    """The live worker that lacks least of what is asked for, and what that is: `queue video`, `region=eu`."""

    worker_id: UUID
    lacks: tuple[str, ...]

    @property
    def in_words(self) -> str:
        return f"The nearest lacks {', '.join(self.lacks)}."

    def as_dict(self) -> dict[str, Any]:
        return {"worker_id": self.worker_id, "lacks": list(self.lacks)}


@dataclass(frozen=True, slots=True)
class _Profile:
    """What workers that can do the same can do. One that leases over HTTP belongs to a tenant."""

    worker_id: UUID
    capabilities: Capabilities
    is_over_http: bool
    tenant_id: UUID | None

    def may_work_for(self, tenant_id: UUID | None) -> bool:
        return not self.is_over_http or (tenant_id is not None and self.tenant_id == tenant_id)

    def can_take(self, wanted: Wanted) -> bool:
        may = self.capabilities.allow(wanted.queue, wanted.type, wanted.requirements)
        return may and self._has_handler(wanted.type)

    def lacks(self, wanted: Wanted) -> tuple[str, ...]:
        own = self.capabilities
        lacking = [] if own.serve(wanted.queue) else [f"queue {wanted.queue}"]
        if not any(type_matches(wanted.type, category) for category in own.categories):
            lacking.append(f"type {wanted.type}")
        elif not self._has_handler(wanted.type):
            lacking.append(f"a handler for {wanted.type}")
        for name, value in wanted.requirements.items():
            if not meets(own.properties, {name: value}):
                lacking.append(_as_words(name, value))
        return tuple(word[:MOST_CHARACTERS] for word in lacking[:MOST_LACKS])

    def _has_handler(self, type: str) -> bool:
        """A cluster runs the types that have a handler; over HTTP a worker brings its own, but for some types."""
        handler = find_handler(type)
        if self.is_over_http:
            return not (handler and handler.only_in_clusters)
        return handler is not None and not handler.late


class LiveWorkers:
    """The workers that are alive when this is made, which needs an operator's scope."""

    def __init__(self) -> None:
        self.rows = live_workers()
        over_http = {row.cluster_id for row in self.rows if row.machine == Worker.OVER_HTTP}
        owners = dict(ApiKey.objects.filter(id__in=over_http).values_list("id", "tenant_id")) if over_http else {}
        profiles = {_key_of(row): _profile_of(row, owners.get(row.cluster_id)) for row in self.rows}
        self._profiles = list(profiles.values())

    def __len__(self) -> int:
        return len(self.rows)

    def can_take(self, wanted: Wanted, tenant_id: UUID | None) -> bool:
        """Whether one of them may take a task of the tenant; without one, of any tenant."""
        return any(each.can_take(wanted) for each in self._of(tenant_id))

    def nearest(self, wanted: Wanted, tenant_id: UUID | None) -> Nearest | None:
        """None where there is nobody."""
        found = [Nearest(each.worker_id, each.lacks(wanted)) for each in self._of(tenant_id)]
        return min(found, key=lambda nearest: len(nearest.lacks), default=None)

    def may_be_taken_over_http(self, wanted: Wanted) -> bool:
        """Whether some tenant's own worker would take it, were it that tenant's."""
        return any(each.is_over_http and each.can_take(wanted) for each in self._profiles)

    def _of(self, tenant_id: UUID | None) -> list[_Profile]:
        return [each for each in self._profiles if each.may_work_for(tenant_id)]


def _key_of(row: Worker) -> tuple[Any, ...]:
    queues = None if row.queues is None else tuple(row.queues)
    return row.machine == Worker.OVER_HTTP and row.cluster_id, queues, json.dumps(row.capabilities, sort_keys=True)


def _profile_of(row: Worker, owner: UUID | None) -> _Profile:
    queues = None if row.queues is None else tuple(row.queues)
    capabilities = Capabilities(queues, tuple(row.capabilities.get("categories", ["*"])), row.capabilities)
    return _Profile(row.id, capabilities, row.machine == Worker.OVER_HTTP, owner)


def _as_words(name: str, value: Any) -> str:
    shown = masked({name: value})[name]
    return f"{name}={shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)}"
