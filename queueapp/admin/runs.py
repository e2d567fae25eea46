"""Runs: which work was done under which key, with what it measured and noted."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from queueapp.admin.toolkit import display
from queueapp.admin.toolkit.filters import TenantFilter
from queueapp.admin.toolkit.model_admin import ReadOnlyAdmin, by_value
from queueapp.models import Run

MOST_SHOWN = 200  # of a run's metrics, and of its notes


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "run_key", "tenant", "status", "finished_at", "attempt", "of_task")
    list_filter = (TenantFilter,)
    list_select_related = ("tenant",)
    search_fields = ("run_key",)
    search_help_text = "A whole run key."
    large_fields = ("metadata",)
    fields = (
        *("run_key", "tenant", "of_task", "attempt", "status", "started_at", "finished_at", "about"),
        *("measured", "noted"),
    )

    @admin.display(description="task")
    def of_task(self, run: Run) -> SafeString:
        return display.link_to_task(run.task_id)

    @admin.display(description="metadata")
    def about(self, run: Run) -> SafeString | None:
        return display.pretty_json(run.metadata)

    @admin.display(description="metrics")
    def measured(self, run: Run) -> SafeString | None:
        return _table((each.name, display.pretty_json(each.value)) for each in run.metrics.all()[:MOST_SHOWN])

    @admin.display(description="notes")
    def noted(self, run: Run) -> SafeString | None:
        return _table((each.type, each.content) for each in run.notes.all()[:MOST_SHOWN])

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return by_value(queryset, "run_key", search_term), False


def _table(rows: Any) -> SafeString | None:
    body = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", rows)
    return format_html("<table>{}</table>", body) if body else None
