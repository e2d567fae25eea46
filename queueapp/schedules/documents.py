"""Schedules and their slots as documents for machines: the same from the HTTP API and from the command with --json."""

from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, Self
from uuid import UUID

from pydantic import Field

from queueapp.errors import InvalidValue
from queueapp.models import Schedule, ScheduleSlot
from queueapp.redaction import masked
from queueapp.schedules.requests import timing_of
from queueapp.timing import zone_named
from queueapp.validation import ResponseModel

NEXT_SLOTS = 5


class Outlook(NamedTuple):
    """A schedule in words, and its next slots: none while nothing fires."""

    words: str
    next_slots: list[datetime]


def outlook(schedule: Schedule, most: int = NEXT_SLOTS) -> Outlook:
    try:
        timing = timing_of(schedule)
    except InvalidValue as error:  # the time zone is not known here any more
        return Outlook(str(error), [])
    slots = islice(timing.slots(schedule.decided_until), most) if schedule.is_active else []
    return Outlook(timing.words, list(slots))


def slot_in_words(slot: datetime, schedule: Schedule) -> str:
    """As the wall clock of the schedule shows it, e.g. `Tue 2026-12-01 03:00:00 CET`."""
    with suppress(InvalidValue):  # of a zone that is not known here any more; it stays in UTC
        slot = slot.astimezone(zone_named(schedule.timezone))
    return f"{slot:%a %Y-%m-%d %H:%M:%S %Z}"


class ScheduleDocument(ResponseModel):
    """A schedule. Secrets in `params` show as `***`."""

    id: UUID
    tenant: str
    name: str
    type: str
    params: dict[str, Any]
    options: dict[str, Any] = Field(description="Of the submission, as far as they were given.")
    cron: str | None
    every_seconds: int | None
    once_at: datetime | None
    timezone: str
    words: str = Field(description="When, in words.")
    missed: str
    overlap: str
    declared_by_code: bool = Field(description="Changed in the code alone; it can be paused.")
    undeclared_at: datetime | None = Field(description="Since when the code declares it no more: no slot fires.")
    paused_at: datetime | None
    pause_reason: str
    next_slot_at: datetime | None = Field(description="Null: none, now or ever.")
    last_task_id: UUID | None
    revision: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of_schedule(cls, schedule: Schedule, **members: Any) -> Self:
        return cls.of(
            schedule,
            tenant=schedule.tenant.slug,
            params=masked(schedule.params),
            options=masked(schedule.options),
            words=outlook(schedule, 0).words,
            next_slot_at=schedule.next_slot_at if schedule.is_active else None,
            **members,
        )


class ScheduleDetailDocument(ScheduleDocument):
    """The same, with its next five slots."""

    next_slots: list[datetime]

    @classmethod
    def with_slots(cls, schedule: Schedule) -> Self:
        return cls.of_schedule(schedule, next_slots=outlook(schedule).next_slots)


class SlotDocument(ResponseModel):
    """What became of a slot."""

    id: UUID
    slot_at: datetime
    outcome: ScheduleSlot.Outcome
    skipped_until: datetime | None = Field(
        description="Of `skipped_missed`: it stands for all slots from `slot_at` until before this moment."
    )
    task_id: UUID | None
    reason: str = Field(description="Of `refused`: why.")
    decided_at: datetime

    @classmethod
    def of_slot(cls, slot: ScheduleSlot) -> Self:
        return cls.of(slot)
