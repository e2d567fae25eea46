"""A verb for all tasks that the filters of the list match: a page that says which, and the tasks that carry it out.

Those are tasks of the platform, one for each tenant that has any (tasks/bulk.py), so no request waits for their end.
"""

from typing import Annotated, Any, Self

from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from pydantic import StringConstraints, ValidationError

from queueapp.errors import BulkUnderWay
from queueapp.operators.bulk import carry_out
from queueapp.states import Status
from queueapp.tasks.bulk import TYPE, BulkParams, Reason, Verb
from queueapp.tasks.bulk_preview import Preview, preview
from queueapp.tasks.filters import TaskFilter
from queueapp.type_patterns import TASK_TYPE_PATTERN
from queueapp.validation import NearMoment, RequestModel, Text, field_errors

LIST = "admin:queueapp_task_changelist"


class Selection(RequestModel):
    """The filters of the list, read strictly: an address that says anything else selects nothing.

    A type is one type here, as in the list, and no pattern.
    """

    status: Status | None = None
    type: Annotated[str, StringConstraints(pattern=TASK_TYPE_PATTERN, max_length=200)] | None = None
    queue: Annotated[Text, StringConstraints(min_length=1, max_length=64)] | None = None
    tenant: Annotated[Text, StringConstraints(min_length=1, max_length=50)] | None = None

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """Raises ValidationError."""
        return cls.model_validate(query.dict())

    def params(self, verb: Verb) -> BulkParams:
        return BulkParams(verb=verb, filter=TaskFilter(state=self.status, type=self.type, queue=self.queue))


class Decision(RequestModel):
    """What a person says who has seen the page."""

    reason: Reason
    as_of: NearMoment | None = None
    again: bool = False

    @classmethod
    def of(cls, form: QueryDict) -> Self:
        """Raises ValidationError."""
        return cls.model_validate({name: form[name] for name in cls.model_fields if name in form})


def bulk_page(request: HttpRequest, verb: Verb, context: dict[str, Any]) -> HttpResponse:
    """GET says how many tasks are meant, and which; POST submits what does it. Needs an operator's scope."""
    try:
        selection = Selection.of(request.GET)
    except ValidationError as error:
        _tell(request, error)
        return HttpResponseRedirect(reverse(LIST, query={ERROR_FLAG: "1"}))
    params, decision, again = selection.params(verb), _decision(request), False
    if decision is not None:
        params = params.model_copy(update={"reason": decision.reason, "as_of": decision.as_of})
    seen = preview(params, tenant=selection.tenant)
    if decision is not None and seen.tenants and not seen.has_too_many_tenants:
        try:
            return _submitted(request, params, seen, again=decision.again)
        except BulkUnderWay as error:
            messages.error(request, f"Task {error.task_id} of the last minute does the same. Press again to mean it.")
            again = True
    shown = {**context, "selection": selection.model_dump(exclude_none=True), "back": _list(request.GET.dict())}
    shown |= {"again": again, "reason": params.reason or ""}
    return TemplateResponse(request, "admin/queueapp/task/bulk.html", {**shown, **_shown(seen)})


def _decision(request: HttpRequest) -> Decision | None:
    """None where nothing was decided yet, or what was is refused, with words about it."""
    if request.method != "POST":
        return None
    try:
        return Decision.of(request.POST)
    except ValidationError as error:
        _tell(request, error)
        return None


def _tell(request: HttpRequest, error: ValidationError) -> None:
    for each in field_errors(error):
        messages.error(request, f"{each.field:.100}: {each.message:.200}")


def _shown(seen: Preview) -> dict[str, Any]:
    if seen.has_too_many_tenants:
        return {"most_tenants": len(seen.tenants) - 1}
    total = f"more than {seen.total - 1:,}" if seen.is_capped else f"{seen.total:,}"
    return {"preview": seen, "total": total, "as_of": seen.as_of.isoformat()}


def _submitted(request: HttpRequest, params: BulkParams, seen: Preview, *, again: bool) -> HttpResponseRedirect:
    submitted = carry_out(params, seen, again=again)
    if len(submitted) == 1:
        messages.success(request, f"This task does it ({params.verb}): see its progress, its log and its result.")
        return HttpResponseRedirect(reverse("admin:queueapp_task_change", args=[submitted[0].pk]))
    messages.success(request, f"The newest {len(submitted)} of these tasks do it ({params.verb}), one for each tenant.")
    return HttpResponseRedirect(_list({"type": TYPE}))


def _list(filters: dict[str, str]) -> str:
    return reverse(LIST, query=filters)
