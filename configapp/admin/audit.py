"""The audit: the outcome of every attempt to change the configuration."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from configapp.models import ConfigAudit
from queueapp.admin.toolkit.model_admin import ReadOnlyAdmin, by_value


@admin.register(ConfigAudit)
class ConfigAuditAdmin(ReadOnlyAdmin):
    list_display = ("at", "actor", "config_key", "action", "old_value", "new_value", "status", "reason")
    fields = (
        *("at", "actor", "config_key", "action", "old_value", "new_value", "status", "reason", "detail"),
        *("version", "task_id"),
    )
    search_fields = ("config_key",)
    search_help_text = "A whole key."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return by_value(queryset, "config_key", search_term), False
