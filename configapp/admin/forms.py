"""The form of one key, made from its spec. Whether the value may be stored is checked when it is submitted."""

from collections.abc import Mapping
from typing import Any

from django import forms

from configapp.keyspec import KeySpec, Kind
from configapp.queries import Setting
from configapp.values import written

_NUMBER_STEP = {Kind.INTEGER: "1", Kind.NUMBER: "any"}


class ValueForm(forms.Form):
    """A new value, and the version that the user saw: a change that somebody else made meanwhile is not undone."""

    value = forms.Field(required=False)  # any text: its validation leaves an audit row
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, setting: Setting, data: Mapping[str, Any] | None = None) -> None:
        shown = "" if setting.spec.secret else written(setting.shown)
        super().__init__(data, initial={"value": shown, "version": setting.version})
        self.fields["value"].widget = _widget(setting.spec)
        self.fields["value"].help_text = _help(setting.spec)


def _widget(spec: KeySpec) -> forms.Widget:
    bounds = {"min": spec.minimum, "max": spec.maximum}
    attributes = {name: f"{bound:g}" for name, bound in bounds.items() if bound is not None}
    match spec.kind:
        case Kind.BOOLEAN:
            return forms.Select(choices=[("true", "true"), ("false", "false")])
        case Kind.CHOICE:
            return forms.Select(choices=[(choice, choice) for choice in spec.choices])
        case Kind.INTEGER | Kind.NUMBER:
            return forms.NumberInput({**attributes, "step": _NUMBER_STEP[spec.kind]})
        case _ if spec.secret:
            return forms.PasswordInput({"autocomplete": "new-password"})
        case Kind.URL:
            return forms.URLInput({"class": "vURLField"})
        case _:
            return forms.TextInput({"class": "vTextField"})


def _help(spec: KeySpec) -> str:
    if spec.kind in _NUMBER_STEP and spec.minimum is not None and spec.maximum is not None:
        return (
            f"From {spec.minimum:,g} to {spec.maximum:,g}." if spec.maximum < 10**6 else f"At least {spec.minimum:g}."
        )
    if spec.kind == Kind.URL:
        return "An address that starts with http:// or https://."
    return f"Must match {spec.pattern}" if spec.pattern else ""
