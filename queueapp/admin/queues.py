"""Queues, which are paused, resumed and given a strategy, and the routes that lead task types to them."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from queueapp.admin.toolkit.model_admin import ModelForm, OperatorAdmin
from queueapp.durations import duration
from queueapp.errors import InvalidValue
from queueapp.models import Queue, Route
from queueapp.operators import service
from queueapp.operators.pauses import await_pause
from queueapp.tasks import queries
from queueapp.tasks.diagnosis import pause_in_words
from queueapp.tasks.queries import QueueRow
from queueapp.type_patterns import type_pattern

PAUSE = ("paused_at", "paused_by", "pause_reason", "paused_until")


class QueueForm(ModelForm):
    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if not service.QUEUE_NAME.fullmatch(name):
            raise forms.ValidationError("Use small letters, digits, _, . or -, the first a letter or digit.")
        return name


class QueueActionForm(ActionForm):
    """Beside the action, what a pause is told."""

    reason = forms.CharField(required=False, label="Reason", strip=True)
    until = forms.CharField(
        required=False, label="Until", widget=forms.TextInput({"placeholder": "2030-01-31T12:00:00Z"})
    )


@admin.register(Queue)
class QueueAdmin(OperatorAdmin):
    form = QueueForm
    action_form = QueueActionForm
    list_display = ("name", "strategy", "pause_shown", "backlog", "running", "oldest_wait", "live_workers")
    ordering = ("name",)
    fields = ("name", "strategy", *PAUSE, "created_at")
    actions = ("pause", "resume")

    def dress(self, rows: list[Queue]) -> None:
        glances = {glance.name: glance for glance in queries.queue_rows()}
        for queue in rows:
            queue.glance = glances[queue.name]  # type: ignore[attr-defined]

    @admin.display(description="backlog")
    def backlog(self, queue: Queue) -> SafeString:
        return _tasks_link(queue, "queued")

    @admin.display(description="running")
    def running(self, queue: Queue) -> SafeString:
        return _tasks_link(queue, "leased")

    @admin.display(description="oldest wait")
    def oldest_wait(self, queue: Queue) -> str | None:
        return duration(_glance(queue).oldest_wait_seconds)

    @admin.display(description="live workers")
    def live_workers(self, queue: Queue) -> str:
        glance = _glance(queue)
        stuck = glance.counts.get("queued", 0) and not glance.live_workers and glance.paused_at is None
        return "0: tasks wait and nobody works" if stuck else str(glance.live_workers)

    @admin.display(description="paused")
    def pause_shown(self, queue: Queue) -> str:
        return pause_in_words(queue, tells_who=True) if queue.paused_at else ""

    @admin.action(description="Pause: start nothing more", permissions=["operate"])
    def pause(self, request: HttpRequest, queues: QuerySet[Queue]) -> None:
        names = [queue.name for queue in queues]
        try:
            for name in names:
                service.pause_queue(name, request.POST.get("reason", ""), request.POST.get("until") or None)
        except InvalidValue as refused:
            messages.error(request, f"Nothing is paused. {refused}.")
            return
        messages.success(request, f"Paused: {', '.join(names)}.")
        transaction.on_commit(partial(_tell_what_may_start, request, names))

    @admin.action(description="Resume", permissions=["operate"])
    def resume(self, request: HttpRequest, queues: QuerySet[Queue]) -> None:
        names = [queue.name for queue in queues]
        for name in names:
            service.resume_queue(name)
        messages.success(request, f"Resumed: {', '.join(names)}.")

    def get_readonly_fields(self, request: HttpRequest, obj: Queue | None = None) -> tuple[str, ...]:
        shown = (*PAUSE, "created_at")
        return shown if obj is None else ("name", *shown)

    def save_model(self, request: HttpRequest, obj: Queue, form: Any, change: bool) -> None:
        if not change:
            obj.pk = service.add_queue(obj.name).pk
        if "strategy" in form.changed_data:
            service.set_strategy(obj.name, obj.strategy)


class RouteForm(ModelForm):
    def clean_pattern(self) -> str:
        try:
            return type_pattern(str(self.cleaned_data["pattern"]))
        except ValueError:
            raise forms.ValidationError(
                "Give a type such as reports.daily, `reports.*` for all below it, or `*`."
            ) from None


@admin.register(Route)
class RouteAdmin(OperatorAdmin):
    form = RouteForm
    list_display = ("pattern", "queue")
    ordering = ("pattern",)
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Route | None = None) -> bool:
        return request.user.has_perm("queueapp.delete_route")

    def save_model(self, request: HttpRequest, obj: Route, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        service.record("route.change" if change else "route.add", obj.pattern, queue=obj.queue_id)

    def delete_model(self, request: HttpRequest, obj: Route) -> None:
        super().delete_model(request, obj)
        service.record("route.delete", obj.pattern, queue=obj.queue_id)


def _tell_what_may_start(request: HttpRequest, names: list[str]) -> None:
    for name in names:
        if unconfirmed := await_pause(name):
            words = f"{len(unconfirmed)} workers have not confirmed the pause of {name} yet and may still start a task."
            messages.warning(request, words)


def _glance(queue: Queue) -> QueueRow:
    return queue.glance  # type: ignore[attr-defined, no-any-return]


def _tasks_link(queue: Queue, status: str) -> SafeString:
    address = reverse("admin:queueapp_task_changelist", query={"queue": queue.name, "status": status})
    return format_html('<a href="{}">{}</a>', address, _glance(queue).counts.get(status, 0))
