"""What people do to a schedule: pause it, resume it, have it submit its task now."""

from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from queueapp.console.access import Access
from queueapp.console.confirm import ask, is_done, sent
from queueapp.console.pages import act
from queueapp.console.schedules import find
from queueapp.models import Schedule
from queueapp.redaction import masked_text
from queueapp.schedules import service
from queueapp.schedules.documents import outlook, slot_in_words

declared = partial(act, model="schedule")


class PauseForm(forms.Form):
    reason = forms.CharField(required=False, max_length=500, help_text="Shown wherever the schedule is.")


@declared("schedules/<uuid:schedule_id>/pause", name="pause_schedule", title="Pause a schedule")
def pause(request: HttpRequest, access: Access, schedule_id: UUID) -> HttpResponse:
    schedule, form = find(schedule_id), PauseForm(sent(request))
    if is_done(form, lambda: service.pause(_locked(schedule), masked_text(form.cleaned_data["reason"]))):
        messages.success(request, f"{schedule.name} is paused.")
        return _to_schedule(access, schedule)
    slots = ", ".join(slot_in_words(slot, schedule) for slot in outlook(schedule, 3).next_slots) or "none"
    touches = [f"Its next slots do not fire: {slots}.", "What it has submitted goes on."]
    return _ask(request, access, schedule, form, f"Pause {schedule.name}", touches, "Pause")


@declared("schedules/<uuid:schedule_id>/resume", name="resume_schedule", title="Resume a schedule")
def resume(request: HttpRequest, access: Access, schedule_id: UUID) -> HttpResponse:
    schedule, form = find(schedule_id), forms.Form(sent(request))
    if is_done(form, lambda: service.resume(_locked(schedule))):
        messages.success(request, f"{schedule.name} fires again.")
        return _to_schedule(access, schedule)
    touches = [f"It fires from now on: {outlook(schedule, 0).words}.", "The slots of its pause are not made up for."]
    return _ask(request, access, schedule, form, f"Resume {schedule.name}", touches, "Resume")


@declared("schedules/<uuid:schedule_id>/fire", name="fire_schedule", title="Submit its task now")
def fire(request: HttpRequest, access: Access, schedule_id: UUID) -> HttpResponse:
    schedule, form = find(schedule_id), forms.Form(sent(request))
    if is_done(form, lambda: service.fire_now(_locked(schedule))):
        messages.success(request, f"{schedule.name} has submitted its task.")
        return _to_schedule(access, schedule)
    touches = [
        f"One task of type {schedule.type} is submitted for the tenant {schedule.tenant.slug}, beside its slots.",
        "That is so whether or not it is paused, and whatever of it runs.",
    ]
    return _ask(request, access, schedule, form, f"Submit the task of {schedule.name} now", touches, "Submit")


def _locked(schedule: Schedule) -> Schedule:
    return service.locked(Schedule.objects.filter(id=schedule.id)).get()


def _ask(
    request: HttpRequest,
    access: Access,
    schedule: Schedule,
    form: forms.Form,
    heading: str,
    touches: list[str],
    button: str,
) -> HttpResponse:
    back = reverse("console:schedule", args=[access.scope, schedule.id])
    return ask(request, access, form, heading=heading, touches=touches, button=button, back=back)


def _to_schedule(access: Access, schedule: Schedule) -> HttpResponse:
    return redirect("console:schedule", scope=access.scope, schedule_id=schedule.id)
