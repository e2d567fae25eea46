"""The list of keys with their values, and the page of one key: its form, its pending changes, its versions.

A change goes through the queue, as every other does; what somebody else changed meanwhile is shown, not overwritten.
"""

from itertools import pairwise
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from configapp import changes, queries
from configapp.admin.forms import ValueForm
from configapp.errors import ChangeRefused, UnknownKey
from configapp.models import ConfigChange, ConfigVersion, SystemConfig
from configapp.queries import Setting
from configapp.values import decode, written
from queueapp.admin.toolkit.model_admin import OperatorAdmin
from queueapp.operators.service import require_operator

VERSIONS = 50


@admin.register(SystemConfig)
class ConfigurationAdmin(OperatorAdmin):
    """Not Django's own pages: a key that was never set has no row, and saving a row would go around the queue."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def may_change(self, request: HttpRequest, setting: Setting) -> bool:
        """To change a secret takes the permission for secrets too."""
        return self.has_change_permission(request) and (
            not setting.spec.secret or request.user.has_perm("configapp.change_configsecret")
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request) or request.method == "POST":
            raise PermissionDenied
        term = request.GET.get("q", "").strip()
        found = [each for each in queries.all_settings() if term in each.spec.key or term in each.spec.description]
        return self._page(
            request, "list", title="Configuration", settings=[(each, written(each.shown)) for each in found], term=term
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            setting = queries.find_setting(object_id)
        except UnknownKey as error:
            raise Http404(str(error)) from error
        form = ValueForm(setting, request.POST or None)
        if request.method == "POST":
            if not self.may_change(request, setting):
                raise PermissionDenied
            if form.is_valid() and self._submit(request, setting, form):
                return HttpResponseRedirect(request.path)
        return self._page(
            request,
            "page",
            title=setting.spec.key,
            setting=setting,
            shown=written(setting.shown),
            default=written(setting.spec.default),
            form=form,
            may_change=self.may_change(request, setting),
            pending=[(change, written(decode(change.value))) for change in queries.pending(setting.spec.key)],
            versions=_versions(setting.spec.key),
            audit=reverse("admin:configapp_configaudit_changelist", query={"q": setting.spec.key}),
        )

    def _submit(self, request: HttpRequest, setting: Setting, form: ValueForm) -> bool:
        """Whether the change was accepted; if not, the form says why."""
        try:
            change = _submit_button(request, setting.spec.key, form.cleaned_data)
        except ChangeRefused as refusal:
            for each in refusal.errors:
                form.add_error("value" if each.field == "value" else None, each.message)
            return False
        shown = "its default" if change.value is None else written(decode(change.value))
        messages.success(request, f"Accepted: {change.config_key} becomes {shown}. Task {change.task_id} applies it.")
        return True

    def _page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, f"admin/configapp/{name}.html", {**shared, **context})


def _submit_button(request: HttpRequest, key: str, given: dict[str, Any]) -> ConfigChange:
    """Submit what the pressed button says. Raises ChangeRefused."""
    options = {"actor": require_operator(), "expected_version": given["version"]}
    if "_unset" in request.POST:
        return changes.unset(key, **options)
    if "_rollback" in request.POST:
        version = request.POST["_rollback"]
        return changes.roll_back(key, int(version) if version.isdecimal() and len(version) < 10 else 0, **options)
    return changes.submit_change(key, given["value"], **options)


def _versions(key: str) -> list[dict[str, Any]]:
    """The last versions of a key, the newest first, each with the value before it."""
    rows: list[ConfigVersion | None] = list(queries.history(key).select_related("change")[: VERSIONS + 1])
    pairs = pairwise([*rows, None]) if len(rows) <= VERSIONS else pairwise(rows)
    return [
        {
            "row": row,
            "action": row.change.get_action_display(),
            "before": written(decode(before.value)) if before else "",
            "after": written(decode(row.value)),
        }
        for row, before in pairs
        if row is not None
    ]
