"""The numbers that a tenant keeps below those of the platform."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from queueapp.console.access import ADMINISTRATOR, Access
from queueapp.console.confirm import ask, is_done, sent
from queueapp.console.pages import act
from queueapp.console.settings import LimitRow, limit_rows, tenant_of
from queueapp.limits import tenant_limits
from queueapp.operators.service import lower_limits

LARGEST = 2**53


class LimitsForm(forms.Form):
    """A field for each limit, empty where the platform's own holds. Its bounds are checked where it is kept."""

    def __init__(self, data: Any, rows: list[LimitRow], lowered: dict[str, int]) -> None:
        super().__init__(data)
        for row in rows:
            bound = "any number" if row.allowed is None else f"at most {row.allowed:,}"
            used = "" if row.used is None else f" {row.used:,} {row.use}."
            self.fields[row.name] = forms.IntegerField(
                label=row.name,
                required=False,
                max_value=LARGEST,
                initial=lowered.get(row.name),
                help_text=f"{row.description} The platform allows {bound}.{used}",
            )

    @property
    def numbers(self) -> dict[str, int]:
        return {name: number for name, number in self.cleaned_data.items() if number is not None}


@act("settings/limits", name="limits", title="Limits", model="tenant", role=ADMINISTRATOR, tenant_only=True)
def limits(request: HttpRequest, access: Access) -> HttpResponse:
    tenant = tenant_of(access)
    data = sent(request)
    form = LimitsForm(data, list(limit_rows(tenant)), tenant.lowered_limits)
    if is_done(form, lambda: lower_limits(tenant, form.numbers)):
        tenant_limits.forget()
        messages.success(request, "The limits hold within two seconds.")
        return redirect("console:settings", access.scope)
    touches = [
        f"What {tenant.slug} asks for beyond these is refused from then on; what was accepted stays.",
        "A number may be lower than the platform's. Leave it empty for the platform's, which its operators change.",
    ]
    return ask(
        request,
        access,
        form,
        heading="Limits",
        touches=touches,
        button="Keep these limits",
        back=reverse("console:settings", args=[access.scope]),
    )
