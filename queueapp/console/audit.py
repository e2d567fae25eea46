"""Who did what: acts, changes of the configuration and refusals in one list. A tenant sees what concerns itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from queueapp.console.access import Access
from queueapp.console.audit_query import AuditForm
from queueapp.console.audit_sentences import KNOWN_ACTIONS, Sentence, sentence
from queueapp.console.pages import page, show
from queueapp.models import Act, Tenant
from queueapp.redaction import masked

PAGE_ROWS = 50


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An act as the list shows it. `address` leads to what it was done to, or to all that was done to it."""

    act: Act
    sentence: Sentence
    tenant: str
    address: str
    detail: Any


@page("audit", name="audit", title="Audit", model="operatoraction")
def audit(request: HttpRequest, access: Access) -> HttpResponse:
    form = AuditForm(request.GET)
    found = form.acts(access, PAGE_ROWS + 1) if form.is_valid() else []
    shown = found[:PAGE_ROWS]
    context = {
        "form": form,
        "rows": list(_rows(access, shown)),
        "known": KNOWN_ACTIONS,
        "query": urlencode(form.given),
        "older": urlencode({**form.given, "before": shown[-1].id}) if len(found) > PAGE_ROWS else "",
    }
    response = show(request, access, "audit.html", context)
    response.status_code = 200 if form.is_valid() else 400
    return response


def _rows(access: Access, acts: list[Act]) -> Iterator[AuditRow]:
    slugs = tenant_slugs(acts)
    for act in acts:
        tenant = slugs.get(act.tenant_id, "") if act.tenant_id else ""
        yield AuditRow(act, sentence(act), tenant, _address(access, act, tenant), masked(act.detail))


def tenant_slugs(acts: Iterable[Act]) -> dict[UUID, str]:
    """Those of the tenants that the acts concern, as far as the scope sees them."""
    ids = {act.tenant_id for act in acts if act.tenant_id}
    return dict(Tenant.objects.filter(pk__in=ids).values_list("pk", "slug"))


def _address(access: Access, act: Act, tenant: str) -> str:
    if not act.target:
        return ""
    topic, scope = act.action.partition(".")[0], access.scope
    if task_id := _task_of(act):
        return reverse("console:task", args=[scope, task_id])
    if topic == "queue":
        return reverse("console:queue", args=[scope, act.target])
    if topic == "error":
        return reverse("console:error", args=[scope, act.target])
    if topic in ("apikey", "member") and tenant:
        return reverse("console:settings", args=[tenant])
    return reverse("console:audit", args=[scope], query={"target": act.target})


def _task_of(act: Act) -> UUID | None:
    """The task that it was done to, or that did it to others."""
    if not act.action.startswith("task."):
        return None
    doers = act.detail.get("tasks") if isinstance(act.detail, dict) else None
    try:
        return UUID(doers[0] if isinstance(doers, list) and len(doers) == 1 else act.target)
    except (ValueError, AttributeError, TypeError):
        return None
