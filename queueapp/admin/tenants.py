"""Tenants: added, renamed, switched off, given limits."""

import json
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from pydantic import ValidationError

from queueapp import conf
from queueapp.admin.toolkit.model_admin import ModelForm, OperatorAdmin
from queueapp.limits.tenant_limits import limits_model, own_values
from queueapp.models import Tenant
from queueapp.models.tenants import RESERVED_SLUGS
from queueapp.operators import service
from queueapp.operators.acts import record_act
from queueapp.validation import field_errors

EXAMPLE = 'E.g. {"tasks_per_minute": 600, "allowed_types": ["echo", "reports.*"]}'


class TenantForm(ModelForm):
    # not Django's field for JSON, which fails on deep nesting, long numbers and escaped NULs
    limits = forms.CharField(required=False, widget=forms.Textarea)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["limits"] = json.dumps(self.instance.limits)
        self.fields["limits"].help_text = _explained_limits()

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"])
        if not service.TENANT_SLUG.fullmatch(slug):
            raise forms.ValidationError("Use small letters, digits or -, the first a letter or digit.")
        if slug in RESERVED_SLUGS:
            raise forms.ValidationError("An address of the platform begins with this.")
        return slug

    def clean_limits(self) -> dict[str, Any]:
        try:
            limits = limits_model().model_validate_json(self.cleaned_data["limits"] or "{}", strict=True)
        except ValidationError as error:
            lines = [f"{each.field}: {each.message}" for each in field_errors(error, "limits.")]
            raise forms.ValidationError(lines) from None
        return own_values(limits)


def _explained_limits() -> SafeString:
    fields = limits_model().model_fields.items()
    explained = format_html_join("", "<br>{}: {}", ((name, field.description or "") for name, field in fields))
    return format_html("{}{}", EXAMPLE, explained)


@admin.register(Tenant)
class TenantAdmin(OperatorAdmin):
    form = TenantForm
    list_display = ("slug", "name", "active", "created_at")
    ordering = ("slug",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """In `single` there is one tenant."""
        return conf.settings.isolation == "rls" and super().has_add_permission(request)

    def get_fields(self, request: HttpRequest, obj: Tenant | None = None) -> tuple[str, ...]:
        return ("slug", "name") if obj is None else ("slug", "name", "active", "limits", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> tuple[str, ...]:
        return () if obj is None else ("slug", "created_at")

    def save_model(self, request: HttpRequest, obj: Tenant, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.pk = service.create_tenant(obj.slug, obj.name).pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """One record of all that was changed."""
        super().save_related(request, form, formsets, change)
        changes = self.construct_change_message(request, form, formsets)
        if change and changes:
            values = {name: form.cleaned_data[name] for name in form.changed_data}
            record_act(form.instance.pk, "tenant.change", form.instance.slug, values=values, changes=changes)
