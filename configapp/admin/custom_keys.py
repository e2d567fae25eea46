"""Custom keys: those that operators add to the catalogue's."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from configapp.custom_keys import custom_key_errors, delete_custom_key, save_custom_key
from configapp.keyspec import KeySpec, Kind, Value
from configapp.models import ConfigKey
from configapp.validation import Refused, check_value
from configapp.values import written
from queueapp.admin.toolkit.model_admin import ModelForm, OperatorAdmin

FIELDS = ("config_key", "kind", "description", "default", "minimum", "maximum", "choices", "pattern", "secret")


class CustomKeyForm(ModelForm):
    """The default is read as a value of the key; every error stands at its field."""

    config_key = forms.CharField(max_length=64, label="Key", help_text="E.g. feature.banner")
    default = forms.CharField(required=False, max_length=256)
    choices = forms.CharField(required=False, widget=forms.Textarea, help_text="One a line, for a choice only.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["default"] = written(self.instance.default)
        self.initial["choices"] = "\n".join(self.instance.choices)

    def clean_choices(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["choices"].splitlines() if line.strip()]

    def clean_pattern(self) -> str | None:
        return self.cleaned_data["pattern"] or None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if self.errors:
            return given
        key = self.instance.config_key or given["config_key"]
        given["default"] = self._default(key, given)
        for error in custom_key_errors(spec_of(key, given)):
            field = "config_key" if error.field == "key" else error.field
            self.add_error(field if field in self.fields else None, error.message)
        return given

    def _default(self, key: str, given: dict[str, Any]) -> Value | None:
        if not given["default"]:
            return None
        try:
            return check_value(spec_of(key, {**given, "default": None}), given["default"])
        except (Refused, ValueError) as refusal:
            self.add_error("default", str(refusal))
            return None


@admin.register(ConfigKey)
class ConfigKeyAdmin(OperatorAdmin):
    form = CustomKeyForm
    list_display = ("config_key", "kind", "description", "secret", "free_text", "actor")
    ordering = ("config_key",)
    fields = (*FIELDS, "free_text")
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: ConfigKey | None = None) -> tuple[str, ...]:
        return () if obj is None else ("config_key",)

    def has_delete_permission(self, request: HttpRequest, obj: ConfigKey | None = None) -> bool:
        return request.user.has_perm("configapp.delete_configkey")

    def save_model(self, request: HttpRequest, obj: ConfigKey, form: Any, change: bool) -> None:
        save_custom_key(spec_of(obj.config_key, form.cleaned_data))

    def delete_model(self, request: HttpRequest, obj: ConfigKey) -> None:
        delete_custom_key(obj.config_key)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ConfigKey]) -> None:
        for key in queryset:
            delete_custom_key(key.config_key)


def spec_of(key: str, given: dict[str, Any]) -> KeySpec:
    """What the form says, as a spec."""
    names = ("description", "default", "minimum", "maximum", "pattern", "secret", "free_text")
    return KeySpec(
        key=key, kind=Kind(given["kind"]), choices=tuple(given["choices"]), **{name: given[name] for name in names}
    )
