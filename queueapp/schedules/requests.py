"""What a schedule may be asked to be, checked before anything is stored."""

from functools import lru_cache
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from queueapp.errors import InvalidValue
from queueapp.models import Schedule
from queueapp.tasks.requests import Params, SubmissionOptions, TaskTypeName
from queueapp.timing import (
    MAX_EXPRESSION,
    MAX_INTERVAL_SECONDS,
    SCHEDULE_NAME_PATTERN,
    Cron,
    Every,
    Once,
    Timing,
)
from queueapp.validation import WHOLE, NearMoment, RequestModel, Text, exactly_one, field_errors

TIMINGS = ("cron", "every_seconds", "once_at")
MEMBERS = ("name", "type", "params", "options", *TIMINGS, "timezone", "missed", "overlap")


class TimingRequest(RequestModel):
    """When: exactly one of `cron`, `every_seconds` and `once_at`."""

    model_config = exactly_one(*TIMINGS)

    cron: Annotated[Text, StringConstraints(min_length=1, max_length=MAX_EXPRESSION)] | None = Field(
        None,
        description="Five fields (minute, hour, day of month, month, day of week), or six with seconds in front.",
    )
    every_seconds: Annotated[int, Field(ge=1, le=MAX_INTERVAL_SECONDS, strict=True), WHOLE] | None = Field(
        None, description="Counted from the beginning of 1970 in UTC; at most 366 days."
    )
    once_at: NearMoment | None = None
    timezone: Annotated[Text, StringConstraints(min_length=1, max_length=64)] = Field(
        "UTC", description="Whose wall clock the cron expression means: a name of the IANA database."
    )

    @model_validator(mode="after")
    def _one_timing(self) -> Self:
        if sum(getattr(self, name) is not None for name in TIMINGS) != 1:
            raise ValueError(f"give exactly one of {', '.join(TIMINGS)}")
        return self

    @property
    def timing(self) -> Timing:
        """Raises InvalidValue naming the field."""
        return make_timing(self.cron, self.every_seconds, self.once_at, self.timezone)


class ScheduleRequest(TimingRequest):
    """A schedule, and the tasks that it submits."""

    name: Annotated[str, StringConstraints(pattern=SCHEDULE_NAME_PATTERN)]
    type: TaskTypeName
    params: Params = Field(default_factory=dict)
    options: SubmissionOptions = Field(default_factory=SubmissionOptions)
    missed: Literal["skip", "latest", "all"] = Field(
        "latest", description="Which slots are made up for that nobody could fire within a minute."
    )
    overlap: Literal["allow", "skip"] = Field(
        "allow", description="Whether a slot fires while the task of the one before has not ended."
    )

    @property
    def columns(self) -> dict[str, Any]:
        """Its members as a row has them."""
        given = self.options.model_dump(mode="json", exclude_unset=True)
        return {**{name: getattr(self, name) for name in MEMBERS}, "options": given}


def parse_schedule(members: dict[str, Any]) -> ScheduleRequest:
    """Raises InvalidValue naming each field."""
    try:
        return ScheduleRequest.model_validate(members)
    except ValidationError as error:
        raise InvalidValue(field_errors(error)) from None


def merged(schedule: Schedule, changes: dict[str, Any]) -> ScheduleRequest:
    """What the schedule is to be after these changes; a new timing takes the place of the old one, and null of none.

    Raises InvalidValue naming each field.
    """
    present = {name: getattr(schedule, name) for name in MEMBERS}
    changes = {name: value for name, value in changes.items() if name not in TIMINGS or value is not None}
    if changes.keys() & {*TIMINGS}:
        present |= dict.fromkeys(TIMINGS)
    return parse_schedule(present | changes)


def timing_of(schedule: Schedule) -> Timing:
    """Raises InvalidValue where the time zone database of this machine no longer knows the zone."""
    return make_timing(schedule.cron, schedule.every_seconds, schedule.once_at, schedule.timezone)


def timing_columns(timing: Timing) -> dict[str, Any]:
    """A timing as a row has it."""
    columns: dict[str, Any] = {**dict.fromkeys(TIMINGS), "timezone": "UTC"}
    match timing:
        case Cron():
            return columns | {"cron": timing.expression, "timezone": timing.timezone}
        case Every():
            return columns | {"every_seconds": timing.total_seconds}
        case Once():
            return columns | {"once_at": timing.at}


@lru_cache(maxsize=1024)
def make_timing(cron: str | None, every_seconds: int | None, once_at: Any, timezone: str) -> Timing:
    """To check a cron expression takes longer than to find its next slot."""
    if cron is not None:
        return Cron(cron, timezone)
    if every_seconds is not None:
        return Every(seconds=every_seconds)
    return Once(once_at)
