"""Schedules: made, changed, paused, resumed and fired, with their next slots and what became of the last ones."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from queueapp.admin.toolkit import display
from queueapp.admin.toolkit.filters import TenantFilter
from queueapp.admin.toolkit.model_admin import ModelForm, OperatorAdmin, by_value
from queueapp.errors import ValidationFailure
from queueapp.models import Schedule
from queueapp.schedules import service
from queueapp.schedules.documents import outlook, slot_in_words
from queueapp.schedules.requests import MEMBERS, TIMINGS, ScheduleRequest, parse_schedule

LAST_SLOTS = 20
SHOWN = ("when", "upcoming", "recent", "paused_at", "pause_reason", "created_at", "updated_at")


class ScheduleForm(ModelForm):
    # not Django's field for JSON, which fails on deep nesting, long numbers and escaped NULs
    params = forms.CharField(required=False, widget=forms.Textarea, help_text='JSON, e.g. {"days": 7}')
    options = forms.CharField(required=False, widget=forms.Textarea, help_text='E.g. {"priority": 8, "queue": "slow"}')
    request: ScheduleRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("params", "options"):
            if name in self.fields:
                self.initial[name] = json.dumps(getattr(self.instance, name))
        if "once_at" in self.fields:  # Django writes these words beside the parts, and ties them to nothing
            for part, label in zip(self.fields["once_at"].widget.widgets, ("Date", "Time"), strict=True):
                part.attrs["aria-label"] = label

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors or "type" not in self.fields:  # nothing of one that code declares is in the form
            return cleaned
        try:
            self.request = parse_schedule(self._members(cleaned))
            tenant_id = cleaned["tenant"].id if "tenant" in cleaned else self.instance.tenant_id
            service.check(Schedule(tenant_id=tenant_id, **self.request.columns))
            if "tenant" in cleaned:
                service.check_room(tenant_id)
        except ValidationFailure as error:
            for each in error.errors:
                field = each.field.split(".")[0]
                self.add_error(field if field in self.fields else None, f"{each.field}: {each.message}")
        return cleaned

    def _members(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        members = {name: cleaned[name] for name in MEMBERS if name in cleaned}
        members |= {name: members[name] if members[name] != "" else None for name in TIMINGS}
        return members

    def clean_params(self) -> Any:
        return self._json("params")

    def clean_options(self) -> Any:
        return self._json("options")

    def _json(self, name: str) -> Any:
        try:
            return json.loads(self.cleaned_data[name] or "{}")
        except (ValueError, RecursionError):
            raise forms.ValidationError("This is not JSON.") from None


@admin.register(Schedule)
class ScheduleAdmin(OperatorAdmin):
    form = ScheduleForm
    list_display = ("name", "tenant", "type", "state", "when", "next", "declared_by_code")
    list_filter = (TenantFilter,)
    list_select_related = ("tenant",)
    search_fields = ("name",)
    search_help_text = "A whole name."
    large_fields = ("params",)
    actions = ("pause", "resume", "fire")

    @admin.display(description="state")
    def state(self, schedule: Schedule) -> str:
        if schedule.undeclared_at is not None:
            return "no longer declared by the code"
        return "paused" if schedule.paused_at else "active"

    @admin.display(description="when")
    def when(self, schedule: Schedule) -> str:
        return outlook(schedule, 0).words

    @admin.display(description="next slot")
    def next(self, schedule: Schedule) -> str | None:
        shown = schedule.is_active and schedule.next_slot_at is not None
        return slot_in_words(schedule.next_slot_at, schedule) if shown and schedule.next_slot_at else None

    @admin.display(description="next slots")
    def upcoming(self, schedule: Schedule) -> SafeString | None:
        slots = outlook(schedule).next_slots
        return format_html_join("", "{}<br>", ((slot_in_words(slot, schedule),) for slot in slots)) or None

    @admin.display(description="last slots")
    def recent(self, schedule: Schedule) -> SafeString | None:
        rows = format_html_join(
            "",
            "<tr><th>{}</th><td>{}</td><td>{}</td></tr>",
            (
                (
                    slot_in_words(slot.slot_at, schedule),
                    slot.get_outcome_display(),
                    display.link_to_task(slot.task_id) if slot.task_id else slot.reason,
                )
                for slot in schedule.slots.order_by("-id")[:LAST_SLOTS]
            ),
        )
        return format_html("<table>{}</table>", rows) if rows else None

    @admin.action(description="Pause: fire nothing more", permissions=["operate"])
    def pause(self, request: HttpRequest, schedules: QuerySet[Schedule]) -> None:
        paused = [service.pause(schedule).name for schedule in _locked(schedules)]
        messages.success(request, f"Paused: {', '.join(paused)}.")

    @admin.action(description="Resume: fire again, from now on", permissions=["operate"])
    def resume(self, request: HttpRequest, schedules: QuerySet[Schedule]) -> None:
        resumed = [service.resume(schedule).name for schedule in _locked(schedules)]
        messages.success(request, f"Resumed: {', '.join(resumed)}.")

    @admin.action(description="Submit the task now", permissions=["operate"])
    def fire(self, request: HttpRequest, schedules: QuerySet[Schedule]) -> None:
        for schedule in _locked(schedules):
            try:
                messages.success(request, f"{schedule.name} has submitted task {service.fire_now(schedule).id}.")
            except ValidationFailure as error:
                messages.error(request, f"{schedule.name} has submitted nothing: {error}")

    def get_fields(self, request: HttpRequest, obj: Schedule | None = None) -> tuple[str, ...]:
        return ("tenant", *MEMBERS) if obj is None else ("tenant", *MEMBERS, "declared_by_code", *SHOWN)

    def get_readonly_fields(self, request: HttpRequest, obj: Schedule | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        fixed = ("tenant", "declared_by_code", *SHOWN)
        return (*fixed, *MEMBERS) if obj.declared_by_code else fixed

    def has_delete_permission(self, request: HttpRequest, obj: Schedule | None = None) -> bool:
        is_declared = obj is not None and obj.declared_by_code and obj.undeclared_at is None
        return not is_declared and request.user.has_perm("queueapp.delete_schedule")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return by_value(queryset, "name", search_term), False

    def save_model(self, request: HttpRequest, obj: Schedule, form: Any, change: bool) -> None:
        if not change:
            obj.pk = service.create(obj.tenant_id, form.request).pk
        elif form.changed_data:
            schedule = _locked(Schedule.objects.filter(pk=obj.pk))[0]
            service.change(schedule, form.request.columns)

    def delete_model(self, request: HttpRequest, obj: Schedule) -> None:
        service.delete(obj)


def _locked(schedules: QuerySet[Schedule]) -> list[Schedule]:
    return list(service.locked(Schedule.objects.filter(pk__in=[each.pk for each in schedules])).order_by("pk"))
