"""What people decide about an error: that it is ignored, resolved, or open again."""

from collections.abc import Callable, Sequence
from functools import partial

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from queueapp.conf import MAX_RELEASE_CHARACTERS
from queueapp.console.access import Access
from queueapp.console.confirm import ask, is_done, sent
from queueapp.console.errors import find
from queueapp.console.pages import act
from queueapp.error_groups import service
from queueapp.models import ErrorGroup
from queueapp.rest.errors import MAX_NOTE

TENANTS_NAMED = 10
PRINTABLE = "^[!-~]*$"
declared = partial(act, model="task")


class NoteForm(forms.Form):
    note = forms.CharField(
        required=False, max_length=MAX_NOTE, widget=forms.Textarea({"rows": 3}), help_text="For those who look later."
    )


class IgnoreForm(NoteForm):
    more = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=10**12,
        label="Until so many more",
        help_text="Open again once so many more were counted. Empty: until somebody opens it.",
    )
    field_order = ("more", "note")


class ResolveForm(NoteForm):
    release = forms.RegexField(
        PRINTABLE, required=False, max_length=MAX_RELEASE_CHARACTERS, label="Mended in release", strip=True
    )
    field_order = ("release", "note")


@declared("errors/<str:fingerprint>/ignore", name="ignore_error", title="Ignore an error")
def ignore(request: HttpRequest, access: Access, fingerprint: str) -> HttpResponse:
    form = IgnoreForm(sent(request))
    effect = "It is counted on, and shown only to those who ask for ignored errors."
    return _decide(request, access, fingerprint, form, "Ignore", "ignored", effect, service.ignore)


@declared("errors/<str:fingerprint>/resolve", name="resolve_error", title="Resolve an error")
def resolve(request: HttpRequest, access: Access, fingerprint: str) -> HttpResponse:
    form = ResolveForm(sent(request))
    effect = "It is open again once it is seen in another release; where workers name none, once it is seen at all."
    return _decide(request, access, fingerprint, form, "Resolve", "resolved", effect, service.resolve)


@declared("errors/<str:fingerprint>/reopen", name="reopen_error", title="Open an error again")
def reopen(request: HttpRequest, access: Access, fingerprint: str) -> HttpResponse:
    form = NoteForm(sent(request))
    effect = "It is neither ignored nor resolved any more."
    return _decide(request, access, fingerprint, form, "Open again", "open again", effect, service.reopen)


def _decide(
    request: HttpRequest,
    access: Access,
    fingerprint: str,
    form: forms.Form,
    verb: str,
    done: str,
    effect: str,
    decide: Callable[..., None],
) -> HttpResponse:
    error = find(fingerprint)
    if is_done(form, lambda: decide(service.locked(fingerprint), **form.cleaned_data)):
        messages.success(request, f"It is {done}.")
        return redirect("console:error", scope=access.scope, fingerprint=fingerprint)
    back = reverse("console:error", args=[access.scope, fingerprint])
    touches = [error.row.title, *_whose(access, error.groups), "No task is touched.", effect]
    return ask(request, access, form, heading=f"{verb}: {error.row.type}", touches=touches, button=verb, back=back)


def _whose(access: Access, groups: Sequence[ErrorGroup]) -> list[str]:
    failures = sum(group.failures for group in groups)
    if not access.is_platform:
        return [f"{failures} failures were counted."]
    slugs = ", ".join(group.tenant.slug for group in groups[:TENANTS_NAMED])
    more = " and others" if len(groups) > TENANTS_NAMED else ""
    return [f"{failures} failures were counted, of {len(groups)} tenants: {slugs}{more}."]
