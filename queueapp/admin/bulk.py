"""A verb for all tasks that the filters of the list match: a page that says which, and the tasks that carry it out.

Those are tasks of the platform, one for each tenant that has any (tasks/bulk.py), so no request waits for their end.
"""

from typing import Annotated, Any, Self

from django.contrib import messages
from django.contrib.admin.views.main import ERROR_FLAG
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from pydantic import StringConstraints, ValidationError

from queueapp.admin.toolkit.filters import partitions_asked_for
from queueapp.admin.toolkit.pagination import MOST_ROWS
from queueapp.models import Tenant
from queueapp.models.tasks import TaskQuerySet
from queueapp.operators import service
from queueapp.states import Status
from queueapp.tasks import submit_internal
from queueapp.tasks.bulk import TYPE, BulkParams, Verb, as_task, concerned
from queueapp.tasks.filters import TaskFilter
from queueapp.type_patterns import TASK_TYPE_PATTERN
from queueapp.validation import RequestModel, Text, field_errors

LIST = "admin:queueapp_task_changelist"
MOST_TENANTS = 100
SAMPLE = 20


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

    def tenants(self, tasks: TaskQuerySet) -> list[Tenant]:
        """Those with any of the tasks, by their slugs; at most one more than can be served at once."""
        named = Tenant.objects.all() if self.tenant is None else Tenant.objects.filter(slug=self.tenant)
        return list(named.filter(Exists(tasks.filter(tenant=OuterRef("pk")))).order_by("slug")[: MOST_TENANTS + 1])


def bulk_page(request: HttpRequest, verb: Verb, context: dict[str, Any]) -> HttpResponse:
    """GET says how many tasks are meant, and which; POST submits what does it. Needs an operator's scope."""
    try:
        selection = Selection.of(request.GET)
    except ValidationError as error:
        for each in field_errors(error):
            messages.error(request, f"{each.field:.100}: {each.message:.200}")
        return HttpResponseRedirect(reverse(LIST, query={ERROR_FLAG: "1"}))
    params = selection.params(verb)
    tasks = _tasks(params, partitions_asked_for(request))
    tenants = selection.tenants(tasks)
    if request.method == "POST" and 0 < len(tenants) <= MOST_TENANTS:
        return _submit(request, selection, params, tenants)
    shown = {**context, "selection": selection.model_dump(exclude_none=True), "back": _list(request.GET.dict())}
    return TemplateResponse(request, "admin/queueapp/task/bulk.html", {**shown, **_preview(tasks, tenants)})


def _tasks(params: BulkParams, partitions: list[int] | None) -> TaskQuerySet:
    """Those that the verb would change now, of all tenants; found by partitions, as in the list."""
    tasks = concerned(params).order_by()
    return tasks if partitions is None else tasks.filter(partition__in=partitions)


def _preview(tasks: TaskQuerySet, tenants: list[Tenant]) -> dict[str, Any]:
    """What the page shows: counts up to the list's cap in each tenant, and some tasks, in no order since that costs."""
    if len(tenants) > MOST_TENANTS:
        return {"most_tenants": MOST_TENANTS}
    counts = [tasks.filter(tenant=tenant)[: MOST_ROWS + 1].count() for tenant in tenants]
    sample = tasks.filter(tenant__in=tenants).select_related("tenant")
    shown = sample.only("type", "queue", "status", "created_at", "tenant__slug")[:SAMPLE]
    return {
        "counts": [(tenant, _capped(count)) for tenant, count in zip(tenants, counts, strict=True)],
        "total": f"{sum(counts):,}" if max(counts, default=0) <= MOST_ROWS else f"more than {MOST_ROWS:,}",
        "sample": list(shown),
    }


def _capped(count: int) -> str:
    return f"{count:,}" if count <= MOST_ROWS else f"{MOST_ROWS:,}+"


def _submit(
    request: HttpRequest, selection: Selection, params: BulkParams, tenants: list[Tenant]
) -> HttpResponseRedirect:
    submitted = [submit_internal(as_task(params), tenant_id=tenant.pk).pk for tenant in tenants]
    service.record(
        f"task.{params.verb}",
        "all that match a filter",
        filter=selection.model_dump(mode="json", exclude_none=True),
        tenants=[tenant.slug for tenant in tenants],
        tasks=[str(task_id) for task_id in submitted],
    )
    if len(submitted) == 1:
        messages.success(request, f"This task does it ({params.verb}): see its progress, its log and its result.")
        return HttpResponseRedirect(reverse("admin:queueapp_task_change", args=submitted))
    messages.success(request, f"The newest {len(submitted)} of these tasks do it ({params.verb}), one for each tenant.")
    return HttpResponseRedirect(_list({"type": TYPE}))


def _list(filters: dict[str, str]) -> str:
    return reverse(LIST, query=filters)
