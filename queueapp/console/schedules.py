"""Schedules: when each fires next, and what became of its last slots."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse

from queueapp.console.access import Access
from queueapp.console.pages import page, show
from queueapp.models import Schedule, Task
from queueapp.redaction import masked
from queueapp.schedules.documents import outlook, slot_in_words

PAGE_ROWS = 50
SLOTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ScheduleLine:
    """A schedule in words. `last_task` is None where it has not fired, or the task is gone."""

    schedule: Schedule
    words: str
    next_slot: str
    last_task: Task | None

    @property
    def state(self) -> tuple[str, str]:
        """In a word, with the colour of its badge."""
        if self.schedule.undeclared_at is not None:
            return "no longer in the code", "cancelled"
        if self.schedule.paused_at is not None:
            return "paused", "warn"
        return ("active", "good") if self.schedule.next_slot_at else ("over", "cancelled")


@page("schedules", name="schedules", title="Schedules", model="schedule")
def schedule_list(request: HttpRequest, access: Access) -> HttpResponse:
    schedules = Schedule.objects.select_related("tenant").defer("params").order_by("-id")
    if before := request.GET.get("before"):
        schedules = schedules.filter(id__lt=_id(before))
    found = list(schedules[: PAGE_ROWS + 1])
    shown = found[:PAGE_ROWS]
    older = shown[-1].id if len(found) > PAGE_ROWS else None
    return show(request, access, "schedules.html", {"lines": _lines(shown), "older": older})


@page("schedules/<uuid:schedule_id>", name="schedule", title="Schedule", model="schedule")
def schedule_page(request: HttpRequest, access: Access, schedule_id: UUID) -> HttpResponse:
    schedule = find(schedule_id)
    slots = schedule.slots.filter(tenant_id=schedule.tenant_id).order_by("-slot_at")[:SLOTS_SHOWN]
    context: dict[str, Any] = {
        "title": schedule.name,
        "line": _lines([schedule])[0],
        "next_slots": [slot_in_words(slot, schedule) for slot in outlook(schedule).next_slots],
        "slots": [(slot_in_words(slot.slot_at, schedule), slot) for slot in slots],
        "options": masked(schedule.options),
    }
    if access.sees_payloads:
        context["params"] = masked(schedule.params)
    return show(request, access, "schedule.html", context)


def find(schedule_id: UUID) -> Schedule:
    """Raises Http404 for one that the scope does not show."""
    schedule = Schedule.objects.select_related("tenant").filter(id=schedule_id).first()
    if schedule is None:
        raise Http404("There is no such schedule.")
    return schedule


def _lines(schedules: Sequence[Schedule]) -> list[ScheduleLine]:
    ids = [schedule.last_task_id for schedule in schedules if schedule.last_task_id]
    tasks = Task.objects.only("id", "status").in_bulk(ids)
    return [
        ScheduleLine(
            schedule,
            outlook(schedule, 0).words,
            slot_in_words(schedule.next_slot_at, schedule) if schedule.is_active and schedule.next_slot_at else "",
            tasks.get(schedule.last_task_id) if schedule.last_task_id else None,
        )
        for schedule in schedules
    ]


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadRequest(f"before: {text:.60} is not the id of a schedule") from None
