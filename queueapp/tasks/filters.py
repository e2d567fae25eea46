"""Which tasks: the filters that lists and bulk operations share. Unknown ones are refused by name."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from queueapp import validation
from queueapp.fingerprints import FINGERPRINT
from queueapp.models.tasks import TaskQuerySet
from queueapp.states import STATUS_GROUPS, Status
from queueapp.type_patterns import TYPE_PATTERN, type_pattern
from queueapp.validation import Label, RequestModel, Text, not_both

# Ids sort by the time they were made, a moment away from created_at: this much is far more than a moment.
SLACK = timedelta(days=1)

STATUSES: list[Any] = sorted(str(name) for name in {*STATUS_GROUPS, *Status})
OF_TYPES = Field(json_schema_extra={"pattern": f"^({TYPE_PATTERN.pattern})$"})


def _status(value: str) -> str:
    if value not in STATUSES:
        raise ValueError(f"must be one of {', '.join(STATUSES)}")
    return value


def _sane(value: datetime) -> datetime:
    if not 1970 <= value.year <= 9000:
        raise PydanticCustomError("time_out_of_range", "must lie between the years 1970 and 9000")
    return value


Moment = Annotated[validation.Moment, AfterValidator(_sane)]


class TaskFilter(RequestModel):
    """`status` takes a status or one of the groups pending, running, failed; `state` takes exact names only."""

    model_config = not_both(("status", "state"))

    status: Annotated[str, AfterValidator(_status), Field(json_schema_extra={"enum": STATUSES})] | None = None
    state: Status | None = None
    type: Annotated[str, Field(max_length=200), AfterValidator(type_pattern), OF_TYPES] | None = None
    queue: Annotated[Text, StringConstraints(min_length=1, max_length=64)] | None = None
    label: Label | None = None
    error_fingerprint: Annotated[str, StringConstraints(pattern=FINGERPRINT)] | None = Field(
        None, description="Of a kind of failure (GET /errors): the tasks whose last try failed so, not tried again yet."
    )
    error_code: Annotated[Text, StringConstraints(min_length=1, max_length=100)] | None = None
    retried_from: UUID | None = Field(None, description="What was made from this task by submitting it again.")
    created_after: Moment | None = None
    created_before: Moment | None = None

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        if self.status and self.state:
            raise ValueError("give status or state, not both")
        return self

    def narrow(self, tasks: TaskQuerySet) -> TaskQuerySet:
        tasks = tasks.matching(status=self.status, type_pattern=self.type, queue=self.queue, label=self.label)
        if self.state:
            tasks = tasks.filter(status=self.state)
        if self.error_fingerprint:
            tasks = tasks.filter(
                error_fingerprint=self.error_fingerprint, status__in=(Status.FAILED, Status.DEAD_LETTER)
            )
        if self.error_code:
            tasks = tasks.filter(error_code=self.error_code)
        if self.retried_from:
            tasks = tasks.filter(retried_from_id=self.retried_from)
        if self.created_after:
            tasks = tasks.filter(created_at__gte=self.created_after, id__gte=id_at(self.created_after - SLACK))
        if self.created_before:
            tasks = tasks.filter(created_at__lt=self.created_before, id__lt=id_at(self.created_before + SLACK))
        return tasks


def id_at(moment: datetime) -> UUID:
    """The least id of a task made at this moment or later."""
    return UUID(int=max(0, int(moment.astimezone(UTC).timestamp() * 1000)) << 80)


def moment_of(task_id: UUID) -> datetime:
    """When an id was made, to the millisecond; of one that is no version 7, some moment."""
    return datetime.fromtimestamp(min(task_id.int >> 80, 2**47) / 1000, UTC)
