"""Verbs for all tasks that a filter selects: how many they concern, and the task that carries them out.

The task is one of its tenant's own (type `platform.bulk`), so its progress, its log and its end are on record.
"""

from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from pydantic import model_validator

from queueapp.models import Task
from queueapp.models.tasks import TaskQuerySet
from queueapp.states import FINAL, RETRYABLE, WAITING, Status
from queueapp.tasks.filters import TaskFilter
from queueapp.tasks.transitions import TransitionResult, cancel_many, reprioritise_many, retry_many
from queueapp.validation import Priority, RequestModel

TYPE = "platform.bulk"
BATCH = 500


class Verb(StrEnum):
    CANCEL = "cancel"
    RETRY = "retry"
    REDRIVE = "redrive"
    REPRIORITISE = "reprioritise"


# Which tasks each verb changes.
CONCERNED: dict[Verb, frozenset[Status]] = {
    Verb.CANCEL: WAITING | {Status.LEASED},
    Verb.RETRY: RETRYABLE,
    Verb.REDRIVE: frozenset({Status.DEAD_LETTER}),
    Verb.REPRIORITISE: frozenset(Status) - FINAL,
}


class BulkParams(RequestModel):
    """A verb, the tasks that it is for, and for `reprioritise` the new priority."""

    verb: Verb
    filter: TaskFilter
    priority: Priority | None = None

    @model_validator(mode="after")
    def _priority_where_it_belongs(self) -> Self:
        if (self.verb == Verb.REPRIORITISE) != (self.priority is not None):
            raise ValueError("give priority with reprioritise, and only with it")
        return self


def concerned(params: BulkParams, tenant_id: UUID | None = None) -> TaskQuerySet:
    """The tasks that the verb would change now, of one tenant or of all that the scope shows. Needs a scope."""
    tasks = Task.objects.all() if tenant_id is None else Task.objects.filter(tenant_id=tenant_id)
    return params.filter.narrow(tasks).filter(status__in=CONCERNED[params.verb])


def next_batch(params: BulkParams, tenant_id: UUID, *, before: UUID) -> list[UUID]:
    """The ids of the newest tasks concerned that were made before this id. Needs a scope."""
    older = concerned(params, tenant_id).filter(id__lt=before)
    return list(older.order_by("-id").values_list("id", flat=True)[:BATCH])


def apply(params: BulkParams, ids: list[UUID]) -> list[TransitionResult]:
    """Apply the verb to these tasks; those that have moved meanwhile refuse, each for itself."""
    match params.verb:
        case Verb.CANCEL:
            return cancel_many(ids)
        case Verb.RETRY | Verb.REDRIVE:
            return retry_many(ids)
        case Verb.REPRIORITISE:
            return reprioritise_many(ids, params.priority or 5)


def as_task(params: BulkParams) -> dict[str, Any]:
    """The request that submits it."""
    return {"type": TYPE, "params": params.model_dump(mode="json", exclude_none=True), "priority": 10}
