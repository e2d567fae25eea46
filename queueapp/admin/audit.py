"""The append-only records: what happened to tasks, what was refused, what operators did."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from queueapp.admin.toolkit import display
from queueapp.admin.toolkit.model_admin import ReadOnlyAdmin, by_id
from queueapp.models import OperatorAction, SecurityEvent, TaskLog


class RecordAdmin(ReadOnlyAdmin):
    large_fields = ("detail",)

    @admin.display(description="detail")
    def details(self, record: TaskLog | SecurityEvent | OperatorAction) -> SafeString | None:
        return display.pretty_json(record.detail)


@admin.register(TaskLog)
class TaskLogAdmin(RecordAdmin):
    list_display = ("at", "task", "entry", "attempt", "actor", "start")
    search_fields = ("task_id",)
    search_help_text = "The whole id of a task."
    fields = (
        "at",
        "tenant_id",
        "task",
        "kind",
        "from_status",
        "to_status",
        "attempt",
        "worker_id",
        "actor",
        "reason",
        "level",
        "message",
        "run_seconds",
        "details",
    )

    def get_ordering(self, request: HttpRequest) -> tuple[str, str]:
        """The newest tasks first, by the one index that this long table has for an order."""
        return ("-task_id", "-id")

    @admin.display(description="task")
    def task(self, entry: TaskLog) -> SafeString:
        return display.link_to_task(entry.task_id)

    @admin.display(description="entry")
    def entry(self, entry: TaskLog) -> str:
        if entry.kind == TaskLog.Kind.LOG:
            return entry.level
        return f"{entry.from_status or 'new'} → {entry.to_status} ({entry.reason})"

    @admin.display(description="message")
    def start(self, entry: TaskLog) -> str:
        return Truncator(entry.message).chars(200)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return by_id(queryset, "task_id", search_term), False


@admin.register(SecurityEvent)
class SecurityEventAdmin(RecordAdmin):
    list_display = ("at", "event", "actor", "tenant_id")
    fields = ("at", "event", "actor", "tenant_id", "details")


@admin.register(OperatorAction)
class OperatorActionAdmin(RecordAdmin):
    list_display = ("at", "actor", "action", "target")
    fields = ("at", "actor", "action", "target", "details")
