"""In how many partitions a tenant's tasks may wait: each that they open costs every worker something.

What opens one is requirements that no other task of the queue and type has. A process asks the database every other
second how many a tenant may still open, and counts by itself meanwhile, so that a submit costs no statement more.
"""

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from queueapp.db import statements
from queueapp.limits.tenant_limits import REMEMBERED_SECONDS, REMEMBERED_TENANTS, effective_limits
from queueapp.tenancy import one_statement_scope


class RequirementSet(NamedTuple):
    """A queue, a type, and requirements as JSON with its keys sorted."""

    queue: str
    type: str
    requirements: str

    @classmethod
    def of(cls, queue: str, type: str, requirements: dict[str, Any]) -> "RequirementSet":
        return cls(queue, type, json.dumps(requirements, sort_keys=True))


@dataclass(slots=True)
class Allowance:
    """How many more sets a tenant may open, as far as this process knows, and those that it has let pass."""

    left: int = 0
    passed: set[RequirementSet] = field(default_factory=set)
    read_at: float = field(default_factory=time.monotonic)

    @property
    def is_stale(self) -> bool:
        return time.monotonic() - self.read_at > REMEMBERED_SECONDS

    def take(self, wanted: Collection[RequirementSet]) -> bool:
        """Let them pass, all or none."""
        new = set(wanted) - self.passed
        if len(new) > self.left:
            return False
        self.left -= len(new)
        self.passed |= new
        return True


_allowances: dict[UUID, Allowance] = {}


def refused_sets(tenant_id: UUID, wanted: Sequence[RequirementSet]) -> list[RequirementSet]:
    """Of different sets, in their order, those that are too many for the tenant's limit; empty where all may pass."""
    limit = effective_limits(tenant_id).requirement_sets
    if limit is None:
        return []
    known = _allowances.get(tenant_id)
    if known is not None and not known.is_stale and known.take(wanted):
        return []
    opened, new = _count(tenant_id, wanted)
    left = max(0, limit - opened)
    if len(_allowances) >= REMEMBERED_TENANTS:
        _allowances.clear()
    if len(new) <= left:
        _allowances[tenant_id] = Allowance(left - len(new), set(wanted))
    return [wanted[place] for place in new[left:]]


def opened_sets(tenant_id: UUID) -> int:
    """In how many partitions the tenant's tasks are the first to wait."""
    return _count(tenant_id, [])[0]


def forget() -> None:
    """What this process remembers of tenants."""
    _allowances.clear()


def _count(tenant_id: UUID, sets: Sequence[RequirementSet]) -> tuple[int, list[int]]:
    """How many are open, and the places of those that are not."""
    wanted = [
        {"place": place, "queue": each.queue, "type": each.type, "requirements": json.loads(each.requirements)}
        for place, each in enumerate(sets)
    ]
    with one_statement_scope(tenant_id):
        (row,) = statements.rows("count_requirement_sets", {"tenant_id": tenant_id, "wanted": json.dumps(wanted)})
    return row["opened"], row["new_places"]
