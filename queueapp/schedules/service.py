"""What people do to schedules: each act is on record, in the same transaction. Call them in a scope.

What code declares is changed there; people may pause and resume it, and fire it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from queueapp.errors import DeclaredByCode, FieldError, InvalidTask, InvalidValue
from queueapp.limits.tenant_limits import effective_limits
from queueapp.models import Schedule, ScheduleSlot, Task
from queueapp.models.base import Now, new_id
from queueapp.schedules.acts import record
from queueapp.schedules.firing import Slot, checked_submission, decide
from queueapp.schedules.requests import TIMINGS, ScheduleRequest, merged, timing_of
from queueapp.schedules.slots import next_slot


def create(tenant_id: UUID, request: ScheduleRequest) -> Schedule:
    """Raises InvalidValue or InvalidTask naming the field: also for a name that is taken, and one schedule too many."""
    schedule = Schedule(tenant_id=tenant_id, **request.columns)
    check(schedule)
    check_room(tenant_id)
    if not add(schedule):
        raise refused("name", "taken", f"there is a schedule {schedule.name!r} already")
    record(schedule, "create", **request.columns)
    return get(schedule.id)


def change(schedule: Schedule, changes: dict[str, Any]) -> Schedule:
    """Change these members of a schedule that is locked. Raises as create, and DeclaredByCode.

    With another timing or time zone its slots from now on are the new ones.
    """
    _refuse_declared(schedule)
    request = merged(schedule, changes)
    present = {name: getattr(schedule, name) for name in request.columns}
    changed = {name: value for name, value in request.columns.items() if value != present[name]}
    if not changed:
        return schedule
    wanted = Schedule(id=schedule.id, tenant_id=schedule.tenant_id, **request.columns)
    check(wanted)
    record(schedule, "change", **changed)
    if changed.keys() & {*TIMINGS, "timezone"}:
        changed |= from_now_on(wanted, schedule.decided_until)
    try:
        with transaction.atomic():
            return revise(schedule, **changed)
    except IntegrityError:
        raise refused("name", "taken", f"there is a schedule {wanted.name!r} already") from None


def pause(schedule: Schedule, reason: str = "") -> Schedule:
    """No slot fires until it is resumed; what was submitted goes on. One that is paused already stays so."""
    if schedule.paused_at is not None:
        return schedule
    record(schedule, "pause", **({"reason": reason} if reason else {}))
    return revise(schedule, paused_at=Now(), pause_reason=reason)


def resume(schedule: Schedule) -> Schedule:
    """Slots fire again, from now on: those of the pause are no missed ones."""
    if schedule.paused_at is None:
        return schedule
    record(schedule, "resume")
    return revise(schedule, paused_at=None, pause_reason="", **from_now_on(schedule, schedule.decided_until))


def delete(schedule: Schedule) -> None:
    """With what became of its slots; its tasks stay. Raises DeclaredByCode while the code declares it."""
    if schedule.undeclared_at is None:
        _refuse_declared(schedule)
    record(schedule, "delete")
    Schedule.objects.filter(id=schedule.id).delete()


def fire_now(schedule: Schedule) -> Task:
    """Submit its task now, outside its slots, whatever runs and whether or not it is paused. Raises InvalidTask."""
    item = replace(checked_submission(schedule), run_at=database_time())
    now = database_time("taskrunner_clock")  # as often as it is asked for, also in one transaction
    (task_id,) = decide(schedule, [Slot(now, ScheduleSlot.Outcome.FIRED, new_id())], item)
    Schedule.objects.filter(id=schedule.id).update(last_task_id=task_id)
    record(schedule, "fire", task=str(task_id))
    return Task.objects.get(id=task_id)


def get(schedule_id: UUID) -> Schedule:
    """As it is now."""
    return Schedule.objects.select_related("tenant").get(id=schedule_id)


def locked(schedules: "QuerySet[Schedule]") -> "QuerySet[Schedule]":
    """These, once nobody fires or changes them, for the verbs of this module."""
    return schedules.select_related("tenant").select_for_update(of=("self",))


def add(schedule: Schedule) -> bool:
    """Store a new one whose members are checked. False where its name is taken."""
    now = database_time()
    schedule.decided_until, schedule.next_slot_at = now, next_slot(timing_of(schedule), now)
    Schedule.objects.bulk_create([schedule], ignore_conflicts=True)
    return Schedule.objects.filter(id=schedule.id).exists()


def revise(schedule: Schedule, **values: Any) -> Schedule:
    """Write values that people changed, as its next revision."""
    row = Schedule.objects.filter(id=schedule.id)
    row.update(**values, revision=F("revision") + 1, updated_at=Now())
    return get(schedule.id)


def from_now_on(schedule: Schedule, decided_until: datetime) -> dict[str, Any]:
    """The columns of one whose slots begin now, but never before what is decided: the clock may have been set back."""
    start = max(database_time(), decided_until)
    return {
        "decided_until": Greatest("decided_until", start),
        "next_slot_at": next_slot(timing_of(schedule), start),
    }


def database_time(function: str = "taskrunner_now") -> datetime:
    """When the transaction began, by the clock that decides; with `taskrunner_clock`, now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}()")
        (now,) = cursor.fetchone() or (datetime.max,)
    moment: datetime = now
    return moment


def refused(field: str, code: str, message: str) -> InvalidValue:
    return InvalidValue([FieldError(field, code, message)])


def check_room(tenant_id: UUID) -> None:
    """Raises InvalidValue where the tenant has as many schedules as it may have."""
    limit = effective_limits(tenant_id).schedules
    own = Schedule.objects.filter(tenant_id=tenant_id, declared_by_code=False)
    if limit is not None and own.count() >= limit:
        raise refused("name", "too_many_schedules", f"this tenant may have {limit} schedules (its limit `schedules`)")


def check(schedule: Schedule) -> None:
    """What no model can know. Raises InvalidValue or InvalidTask naming the field."""
    timing = timing_of(schedule)
    if schedule.once_at is not None and next_slot(timing, database_time()) is None:
        raise refused("once_at", "in_the_past", "must lie ahead")
    try:
        checked_submission(schedule)
    except InvalidTask as error:
        raise InvalidTask([_in_options(each, schedule) for each in error.errors], error.code) from None


def _in_options(error: FieldError, schedule: Schedule) -> FieldError:
    """The error with its field's place in the request."""
    is_option = error.field.split(".")[0] in schedule.options
    return FieldError(f"options.{error.field}", error.code, error.message) if is_option else error


def _refuse_declared(schedule: Schedule) -> None:
    if schedule.declared_by_code:
        raise DeclaredByCode(f"{schedule.name} is declared by the code, which alone may change it; it can be paused.")
