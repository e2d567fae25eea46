"""API keys of a tenant: made, shown once, revoked."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from queueapp import clock
from queueapp.apikeys import create_key, revoke_key
from queueapp.console.access import ADMINISTRATOR, Access
from queueapp.console.confirm import ask, is_done, sent
from queueapp.console.pages import act, show
from queueapp.console.settings import keys_of, tenant_of
from queueapp.models import ApiKey
from queueapp.rest.toolkit.permissions import ROLE_RIGHTS
from queueapp.type_patterns import type_pattern

# an admin's key reaches all tenants: it is made by `manage.py createapikey` alone
ROLES = ((ApiKey.Role.CLIENT, "client: submits and reads tasks"), (ApiKey.Role.WORKER, "worker: runs tasks over HTTP"))
SCOPES = [(right.value, right.value) for right in sorted(ROLE_RIGHTS[ApiKey.Role.CLIENT])]
DAYS = ((30, "in 30 days"), (90, "in 90 days"), (365, "in a year"), ("", "never"))


class KeyForm(forms.Form):
    """What a new key is to be."""

    name = forms.CharField(max_length=100, help_text="Whose key it is. A name may have two live keys, for rotation.")
    role = forms.ChoiceField(choices=ROLES)
    scopes = forms.MultipleChoiceField(
        choices=SCOPES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What a client's key may do. None ticked: all of these.",
    )
    categories = forms.CharField(
        label="Types",
        max_length=2000,
        required=False,
        help_text="What a worker's key may run: types or patterns such as reports.*, between commas. Empty: all.",
    )
    expires_in_days = forms.TypedChoiceField(
        label="Expires", choices=DAYS, coerce=int, empty_value=None, required=False, initial=90
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("role") == ApiKey.Role.WORKER and cleaned.get("scopes"):
            self.add_error("scopes", "A worker's key has none: untick them.")
        if cleaned.get("role") == ApiKey.Role.CLIENT and cleaned.get("categories"):
            self.add_error("categories", "Only a worker's key names types: leave this empty.")
        return cleaned

    def clean_categories(self) -> list[str]:
        patterns = [pattern.strip() for pattern in self.cleaned_data["categories"].split(",") if pattern.strip()]
        try:
            return [type_pattern(pattern) for pattern in patterns]
        except ValueError as error:
            raise forms.ValidationError(f"A type or pattern {error}.") from None

    @property
    def capabilities(self) -> dict[str, Any]:
        patterns = self.cleaned_data["categories"]
        return {"categories": patterns} if patterns else {}


@act("settings/keys/new", name="key_new", title="New API key", model="apikey", role=ADMINISTRATOR, tenant_only=True)
def key_new(request: HttpRequest, access: Access) -> HttpResponse:
    """Answers a POST with the key itself, which nobody can read again."""
    tenant = tenant_of(access)
    form = KeyForm(sent(request))
    made: list[tuple[ApiKey, str]] = []

    def make() -> None:
        given, days = form.cleaned_data, form.cleaned_data["expires_in_days"]
        expires_at = clock.now() + timedelta(days=days) if days else None
        options = {"scopes": given["scopes"], "capabilities": form.capabilities, "expires_at": expires_at}
        made.append(create_key(tenant, given["name"], given["role"], **options))

    if is_done(form, make):
        row, key = made[0]
        return show(request, access, "settings_key_made.html", {"row": row, "key": key})
    touches = [f"A key acts for the whole tenant {tenant.slug}. It is shown once, when it is made."]
    return ask(
        request,
        access,
        form,
        heading="New API key",
        touches=touches,
        button="Make the key",
        back=reverse("console:settings", args=[access.scope]),
    )


@act(
    "settings/keys/<str:prefix>/revoke",
    name="key_revoke",
    title="Revoke an API key",
    model="apikey",
    role=ADMINISTRATOR,
    tenant_only=True,
)
def key_revoke(request: HttpRequest, access: Access, prefix: str) -> HttpResponse:
    row = keys_of(tenant_of(access)).filter(prefix=prefix).first()
    if row is None or row.role == ApiKey.Role.ADMIN:
        raise Http404("There is no such key that could be revoked here.")
    form = forms.Form(sent(request))
    if is_done(form, lambda: revoke_key(prefix)):
        messages.success(request, f"The key {prefix} of {row.name} is revoked: it stops within seconds.")
        return redirect("console:settings", access.scope)
    used = f"It was last used {row.last_used_at:%Y-%m-%d %H:%M} UTC." if row.last_used_at else "It was never used."
    touches = [f"The key {prefix} of {row.name} stops within seconds, for good. {used}"]
    return ask(
        request,
        access,
        form,
        heading=f"Revoke the key {prefix}",
        touches=touches,
        button="Revoke",
        back=reverse("console:settings", args=[access.scope]),
    )
