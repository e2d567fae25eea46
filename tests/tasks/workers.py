"""A worker as the database knows one, without its process: it claims, settles and has its leases expire."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db.models.functions import Now

from queueapp import maintenance
from queueapp.claiming import Capabilities, Claimed, Claimer
from queueapp.models import Task
from queueapp.models.base import new_id
from queueapp.tasks.settle import Outcome, OutcomeKind, settle
from queueapp.tenancy import operator_scope


@dataclass
class Worker:
    id: UUID = field(default_factory=new_id)

    def claim(self) -> Claimed | None:
        """The next task of the default queue, alone, by a claimer that remembers nothing."""
        claimed = Claimer(self.id, Capabilities(queues=("default",))).claim()
        assert len(claimed) < 2
        return claimed[0] if claimed else None

    def settle(self, task_id: UUID, attempt: int, kind: OutcomeKind, **details) -> str | None:
        """The task's new status; None when the attempt was no longer this worker's."""
        return settle(self.id, [Outcome(task_id, attempt, kind, **details)]).get(task_id)


def expire_lease(task_id: UUID) -> None:
    """The worker falls silent, time passes, and the maintenance runner comes round."""
    with operator_scope("operator:test"):
        Task.objects.filter(id=task_id, status="leased").update(lease_expires_at=Now() - timedelta(seconds=1))
    maintenance.run_once()


def make_due(task_id: UUID) -> None:
    """Its time comes, and the maintenance runner."""
    with operator_scope("operator:test"):
        Task.objects.filter(id=task_id).update(run_at=Now() - timedelta(seconds=1))
    maintenance.run_once()
