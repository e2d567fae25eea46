"""Verbs for all tasks that a filter selects: which tasks they concern, and the task that carries them out.

The task is one of its tenant's own (type `platform.bulk`), so its progress, its log and its end are on record.
"""

import hashlib
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError, to_json

from queueapp.errors import BulkUnderWay, DuplicateTask
from queueapp.json_values import check_text
from queueapp.models import Task
from queueapp.models.tasks import TaskQuerySet
from queueapp.states import FINAL, RETRYABLE, WAITING, Status
from queueapp.tasks.filters import SLACK, TaskFilter, id_at
from queueapp.tasks.submit import submit_internal
from queueapp.tasks.transitions import TransitionResult, cancel_many, reprioritise_many, retry_many
from queueapp.tenancy import ensure_scope
from queueapp.validation import WHOLE, NearMoment, Priority, RequestModel, only_with

TYPE = "platform.bulk"
MOST_TRIED = 100
PRESSED_TWICE_SECONDS = 60


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
RUNS_AGAIN = (Verb.RETRY, Verb.REDRIVE)

Reason = Annotated[str, StringConstraints(max_length=500, pattern=r"\S"), AfterValidator(check_text)]
Tried = Annotated[int, Field(ge=1, le=MOST_TRIED, strict=True), WHOLE]


class FirstTries(RequestModel):
    """Whether some of the tasks are tried before the others."""

    model_config = ConfigDict(json_schema_extra=only_with("go_on_if", "try_first"))

    try_first: Tried | None = Field(None, description="So many are queued again first, and their ends awaited.")
    go_on_if: Tried | None = Field(
        None, description="How many of those must succeed for the others to follow; null or left out: all."
    )

    @field_validator("go_on_if")
    @classmethod
    def _of_those_tried(cls, value: int | None, info: ValidationInfo) -> int | None:
        tried = info.data.get("try_first")
        if value is not None and "try_first" in info.data and tried is None:
            raise ValueError("needs try_first")
        if value is not None and tried is not None and value > tried:
            raise PydanticCustomError("more_than_are_tried", "must be at most try_first")
        return value

    @property
    def may_fail(self) -> int:
        """How many of the first may fail for the others to follow."""
        tried = self.try_first or 0
        return tried - (self.go_on_if or tried)


class BulkParams(FirstTries):
    """A verb and the tasks that it is for; for `reprioritise` the new priority."""

    verb: Verb
    filter: TaskFilter
    priority: Priority | None = None
    as_of: NearMoment | None = None
    reason: Reason | None = None

    @model_validator(mode="after")
    def _what_belongs_to_the_verb(self) -> Self:
        if (self.verb == Verb.REPRIORITISE) != (self.priority is not None):
            raise ValueError("give priority with reprioritise, and only with it")
        if self.try_first is not None and self.verb not in RUNS_AGAIN:
            raise ValueError("give try_first only with retry or redrive")
        return self


def concerned(params: BulkParams, tenant_id: UUID | None = None) -> TaskQuerySet:
    """The tasks that the verb would change now, of one tenant or of all that the scope shows. Needs a scope.

    With `as_of`, no task that was made later; to run again, none that has changed since, since it failed anew.
    """
    tasks = Task.objects.all() if tenant_id is None else Task.objects.filter(tenant_id=tenant_id)
    tasks = params.filter.narrow(tasks).filter(status__in=CONCERNED[params.verb])
    if params.as_of is None:
        return tasks
    if params.verb in RUNS_AGAIN:
        tasks = tasks.filter(updated_at__lte=params.as_of)
    return tasks.filter(created_at__lte=params.as_of, id__lt=id_at(params.as_of + SLACK))


def apply(params: BulkParams, ids: list[UUID]) -> list[TransitionResult]:
    """Apply the verb to these tasks; those that have moved meanwhile refuse, each for itself."""
    match params.verb:
        case Verb.CANCEL:
            return cancel_many(ids)
        case Verb.RETRY | Verb.REDRIVE:
            return retry_many(ids)
        case Verb.REPRIORITISE:
            return reprioritise_many(ids, params.priority or 5)


def submit_bulk(params: BulkParams, *, tenant_id: UUID | None = None, again: bool = False) -> Task:
    """Submit the task that carries it out.

    Raises BulkUnderWay where one of the last minute does the same and has not ended, unless it is meant `again`.
    """
    request = as_task(params)
    if again:
        return submit_internal(request, tenant_id=tenant_id)
    dedup = {"key": _sameness(params), "ttl_seconds": PRESSED_TWICE_SECONDS}
    try:
        return submit_internal({**request, "dedup": {**dedup, "on_conflict": "reject"}}, tenant_id=tenant_id)
    except DuplicateTask as error:
        with ensure_scope(tenant_id):
            if not Task.objects.filter(id=error.task_id, status__in=FINAL).exists():
                raise BulkUnderWay(error.task_id) from None
    return submit_internal({**request, "dedup": {**dedup, "on_conflict": "replace"}}, tenant_id=tenant_id)


def as_task(params: BulkParams) -> dict[str, Any]:
    """The request that submits it."""
    return {"type": TYPE, "params": params.model_dump(mode="json", exclude_none=True), "priority": 10}


def _sameness(params: BulkParams) -> str:
    """Equal for what a person would call the same: the verb and the filter."""
    same = params.model_dump(mode="json", include={"verb", "filter", "priority"}, exclude_none=True)
    return f"{TYPE} {hashlib.sha256(to_json(same)).hexdigest()}"
