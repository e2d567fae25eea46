"""Firing what is due: each slot is decided once, and its row, its task and the schedule's progress commit together.

Whoever fires holds the schedule's row, so a change waits for it or is passed by until the next look. The clock is the
database's alone: that of a cluster's machine may be wrong.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F
from pydantic_core import to_json

from queueapp.db import driver, statements
from queueapp.errors import FieldError, InvalidTask, InvalidValue, ValidationFailure
from queueapp.hooks import JobResult
from queueapp.json_values import as_text, storable_text
from queueapp.limits.tenant_limits import effective_limits
from queueapp.models import Schedule, ScheduleSlot
from queueapp.models.base import Now, new_id
from queueapp.redaction import masked_text, secret_values
from queueapp.schedules.acts import record
from queueapp.schedules.requests import timing_of
from queueapp.schedules.slots import Due, due_slots
from queueapp.tasks.declared_types import TypeFinder
from queueapp.tasks.requests import Submission
from queueapp.tasks.submit import check_submission, insert_many
from queueapp.tenancy import system_scope

logger = logging.getLogger(__name__)

BATCH = 100  # schedules of one look
Outcome = ScheduleSlot.Outcome


class Slot(NamedTuple):
    """A row of taskrunner_schedule_slots that is to be."""

    slot_at: datetime
    outcome: str
    task_id: UUID | None = None
    reason: str = ""
    skipped_until: datetime | None = None


def fire_due() -> JobResult:
    """Fire what is due now of at most so many schedules. Needs the scope of the platform itself."""
    found = statements.rows("lock_due_schedules", {"batch": BATCH})
    if not found:
        return JobResult(0)
    more = len(found) == BATCH
    with system_scope("schedules"):
        for row in found:
            more |= _fire(row.pop("now"), row.pop("last_task_is_open"), Schedule(**row))
    return JobResult(len(found), more)


def decide(schedule: Schedule, slots: Sequence[Slot], item: Submission | None) -> list[UUID]:
    """Keep what became of slots, and submit the tasks of those that fire; returns their ids.

    Nothing is submitted for a slot that was decided before.
    """
    rows = to_json([slot._asdict() for slot in slots]).decode()
    key = {"tenant_id": schedule.tenant_id, "schedule_id": schedule.id}
    decided = {row["slot_at"] for row in statements.rows("decide_slots", {**key, "slots": rows})}
    fired = [slot for slot in slots if slot.task_id and slot.slot_at in decided]
    if item is not None and fired:
        tasks = [replace(item, id=slot.task_id or item.id, run_at=item.run_at or slot.slot_at) for slot in fired]
        insert_many(schedule.tenant_id, tasks)
    return [task_id for slot in fired if (task_id := slot.task_id)]


def checked_submission(schedule: Schedule) -> Submission:
    """The task that a slot submits, checked as at a submit. Raises InvalidTask; whatever the type's own check raises.

    A type that the tenant may not submit is refused here too, since its limits may have changed.
    """
    types = TypeFinder(schedule.tenant_id, internal=schedule.declared_by_code)
    if not (schedule.declared_by_code or effective_limits(schedule.tenant_id).allows(schedule.type)):
        message = f"{schedule.type} is not among the types that this tenant may submit"
        raise InvalidTask([FieldError("type", "type_not_allowed", message)])
    return check_submission({"type": schedule.type, "params": schedule.params, **schedule.options}, types)


def _fire(now: datetime, overlaps: bool, schedule: Schedule) -> bool:
    """Whether there is more to fire of it now. Raises where the database is unavailable, and for nothing else."""
    try:
        due = due_slots(timing_of(schedule), schedule.missed, schedule.decided_until, now)
    except InvalidValue as error:  # its time zone is not known here any more
        _pause(schedule, str(error))
        return False
    try:
        with transaction.atomic():
            _advance(schedule, due, *_submitted(schedule, due, overlaps))
    except Exception as error:
        if driver.is_unavailable(error):
            raise
        reason = _reason_of(schedule, error)
        if not isinstance(error, ValidationFailure):
            logger.exception("schedule not fired: %s", schedule.name, extra={"event": "schedule_failed"})
        with transaction.atomic():
            refused = [Slot(slot, Outcome.REFUSED, reason=reason) for slot in due.slots]
            _advance(schedule, due, refused, None)
    return due.next_slot_at is not None and due.next_slot_at <= now


def _submitted(schedule: Schedule, due: Due, overlaps: bool) -> tuple[list[Slot], Submission | None]:
    if schedule.overlap == "allow":
        fired, skipped = due.slots, []
    else:
        fires = 0 if overlaps else 1
        fired, skipped = due.slots[:fires], due.slots[fires:]
    item = checked_submission(schedule) if fired else None
    slots = [Slot(slot, Outcome.FIRED, new_id()) for slot in fired]
    return slots + [Slot(slot, Outcome.SKIPPED_OVERLAP) for slot in skipped], item


def _advance(schedule: Schedule, due: Due, slots: list[Slot], item: Submission | None) -> None:
    if due.skipped_from is not None:
        skipped = Slot(due.skipped_from, Outcome.SKIPPED_MISSED, skipped_until=due.skipped_until)
        slots = [skipped, *slots]
    fired = decide(schedule, slots, item) if slots else []
    values: dict[str, Any] = {"decided_until": due.decided_until, "next_slot_at": due.next_slot_at}
    if fired:
        values["last_task_id"] = fired[-1]
    Schedule.objects.filter(id=schedule.id).update(**values)


def _pause(schedule: Schedule, reason: str) -> None:
    logger.error("schedule paused: %s: %s", schedule.name, reason, extra={"event": "schedule_paused"})
    values = {"paused_at": Now(), "pause_reason": reason, "revision": F("revision") + 1, "updated_at": Now()}
    Schedule.objects.filter(id=schedule.id).update(**values)
    record(schedule, "pause", reason=reason)


def _reason_of(schedule: Schedule, error: Exception) -> str:
    text = as_text(error) if isinstance(error, ValidationFailure) else f"{type(error).__name__}: {as_text(error)}"
    return storable_text(masked_text(text, secret_values(schedule.params)))[:1000]
