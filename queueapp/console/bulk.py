"""A verb for all tasks that a filter selects: what it would touch, a reason asked for, and the tasks that do it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from pydantic import ValidationError

from queueapp.console.access import Access
from queueapp.console.confirm import sent
from queueapp.console.pages import act, pages, show
from queueapp.errors import BulkUnderWay
from queueapp.operators.bulk import carry_out
from queueapp.tasks.bulk import RUNS_AGAIN, TYPE, BulkParams, Verb
from queueapp.tasks.bulk_preview import MOST_COUNTED, MOST_TENANTS, Preview, preview
from queueapp.validation import field_errors

TRIED, MUST_SUCCEED = 10, 9
FIRST = (("some", f"Try {TRIED} first, go on if {MUST_SUCCEED} succeed"), ("all", "All at once"))
LABELS = {
    Verb.RETRY: ("Retry", "queues again what failed, is dead or was cancelled, with all its tries"),
    Verb.REDRIVE: ("Redrive", "queues again what is dead, with all its tries"),
    Verb.CANCEL: ("Cancel", "cancels what waits, and asks the workers of what runs to stop"),
}


class DecisionForm(forms.Form):
    """What a person says who has seen what it touches."""

    first = forms.ChoiceField(label="How", choices=FIRST, initial="some", widget=forms.RadioSelect)
    reason = forms.CharField(max_length=500, help_text="Kept in the audit, with your name.")
    as_of = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    again = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, verb: Verb) -> None:
        super().__init__(data)
        if verb not in RUNS_AGAIN:
            del self.fields["first"]

    def decided(self, params: BulkParams) -> BulkParams:
        """The operation as it was decided. Raises BadRequest for a moment that no page gave."""
        decision = {"reason": self.cleaned_data["reason"], "as_of": self.cleaned_data["as_of"] or None}
        if self.cleaned_data.get("first") == "some":
            decision |= {"try_first": TRIED, "go_on_if": MUST_SUCCEED}
        return _checked({**params.model_dump(exclude_none=True), **decision})

    def show_again(self, **values: str) -> None:
        """Show these in their fields, whatever was sent."""
        if self.is_bound:
            self.data = {**{name: self.data[name] for name in self.data}, **values}
        else:
            self.initial.update(values)


@act("bulk/new", name="bulk", title="All that match", model="task")
def bulk(request: HttpRequest, access: Access) -> HttpResponse:
    """GET counts what is meant; POST submits what does it, for that moment: later tasks are not touched."""
    params, tenant = _asked(request, access)
    form = DecisionForm(sent(request), params.verb)
    decided = form.decided(params) if form.is_valid() else params
    seen = preview(decided, tenant=tenant)
    if form.is_valid() and seen.tenants and not seen.has_too_many_tenants:
        try:
            return _submitted(request, access, decided, seen, again=form.cleaned_data["again"])
        except BulkUnderWay as error:
            form.add_error(None, f"Task {error.task_id} of the last minute does the same. Press again to mean it.")
            form.show_again(again="on")
    return show(request, access, "bulk.html", _context(access, params, tenant, seen, form))


def _asked(request: HttpRequest, access: Access) -> tuple[BulkParams, str | None]:
    """The verb with its filter, and the tenant if one is named. Raises BadRequest."""
    given = {name: str(value) for name, value in request.GET.items() if value}
    verb, tenant = given.pop("verb", ""), given.pop("tenant", None)
    if verb not in LABELS:
        raise BadRequest(f"verb: must be one of {', '.join(LABELS)}")
    return _checked({"verb": verb, "filter": given}), tenant if access.is_platform else None


def _checked(members: dict[str, Any]) -> BulkParams:
    try:
        return BulkParams.model_validate(members)
    except ValidationError as error:
        raise BadRequest("; ".join(f"{each.field}: {each.message}" for each in field_errors(error))) from error


def _context(
    access: Access, params: BulkParams, tenant: str | None, seen: Preview, form: DecisionForm
) -> dict[str, Any]:
    label, meaning = LABELS[params.verb]
    filters = params.filter.model_dump(mode="json", exclude_none=True) | ({"tenant": tenant} if tenant else {})
    form.show_again(as_of=seen.as_of.isoformat())
    return {
        "title": f"{label} all that match",
        "label": label,
        "meaning": meaning,
        "filters": filters,
        "back": reverse("console:tasks", args=[access.scope], query=filters),
        "preview": seen,
        "total": f"more than {MOST_COUNTED:,}" if seen.is_capped else f"{seen.total:,}",
        "most_tenants": MOST_TENANTS,
        "form": form,
    }


def _submitted(
    request: HttpRequest, access: Access, params: BulkParams, seen: Preview, *, again: bool
) -> HttpResponseRedirect:
    submitted = carry_out(params, seen, again=again)
    if len(submitted) == 1 and "task" in pages():
        messages.success(request, "This task does it: here is how far it is.")
        return redirect("console:task", access.scope, submitted[0].pk)
    messages.success(request, f"{len(submitted)} tasks do it, one for each tenant: the newest here.")
    return HttpResponseRedirect(reverse("console:tasks", args=[access.scope], query={"type": TYPE}))
