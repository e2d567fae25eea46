"""Tasks: the list, the page of one with its log, and retry, cancel and redrive on both."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import ALL_VAR, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from queueapp import tasks
from queueapp.admin.artifacts import DOWNLOAD, artifacts_of, download_view
from queueapp.admin.bulk import bulk_page
from queueapp.admin.toolkit import display
from queueapp.admin.toolkit.filters import (
    QueueFilter,
    StatusFilter,
    TenantFilter,
    TypeFilter,
    asked_for,
    partitions_asked_for,
)
from queueapp.admin.toolkit.model_admin import BrowseList, ReadOnlyAdmin, by_id, is_for_all_that_match, located
from queueapp.admin.toolkit.pagination import TaskPaginator
from queueapp.models import Task
from queueapp.operators.acts import record_act
from queueapp.redaction import masked
from queueapp.states import RETRYABLE, WAITING, Status
from queueapp.tasks import TransitionResult, queries
from queueapp.tasks.bulk import Verb


@dataclass(frozen=True, slots=True)
class TaskVerb:
    """A verb of the lifecycle as a person sees it. `past` completes "3 tasks …"."""

    name: str
    label: str
    past: str
    allowed: frozenset[Status]
    run: Callable[[Sequence[UUID]], list[TransitionResult]]


def _redrive(task_ids: Sequence[UUID]) -> list[TransitionResult]:
    """Retry the dead letters among the tasks, and no others."""
    statuses = dict(Task.objects.filter(pk__in=task_ids).values_list("pk", "status"))
    dead = [task_id for task_id in task_ids if statuses.get(task_id) == Status.DEAD_LETTER]
    refused = [task_id for task_id in task_ids if statuses.get(task_id) != Status.DEAD_LETTER]
    return tasks.retry_many(dead) + [
        TransitionResult(task_id, was := statuses.get(task_id), was, False) for task_id in refused
    ]


VERBS = {
    verb.name: verb
    for verb in (
        TaskVerb("retry", "Retry", "queued again", RETRYABLE, tasks.retry_many),
        TaskVerb("cancel", "Cancel", "cancelled or told to stop", WAITING | {Status.LEASED}, tasks.cancel_many),
        TaskVerb("redrive", "Redrive dead letters", "queued again", frozenset({Status.DEAD_LETTER}), _redrive),
    )
}


def perform(request: HttpRequest, name: str, task_ids: Sequence[UUID]) -> None:
    """Run a verb on tasks, say what came of it, and leave an operator's record of it."""
    if not task_ids:
        messages.warning(request, "There is no such task any more.")
        return
    verb = VERBS[name]
    ids = sorted(task_ids)  # as every verb locks its rows in this order
    outcomes = verb.run(ids)
    tenants = dict(Task.objects.filter(pk__in=ids).values_list("pk", "tenant_id"))
    for tenant_id in sorted(set(tenants.values())):
        _record(verb, tenant_id, [each for each in outcomes if tenants.get(each.task_id) == tenant_id])
    done = sum(outcome.done for outcome in outcomes)
    if done:
        messages.success(request, f"{done} {'task' if done == 1 else 'tasks'} {verb.past}.")
    for reason, count in _refused(outcomes).most_common():
        messages.warning(request, f"{count} refused: {reason}.")


def _record(verb: TaskVerb, tenant_id: UUID, outcomes: Sequence[TransitionResult]) -> None:
    """For each tenant its own, which it reads too."""
    done = [str(outcome.task_id) for outcome in outcomes if outcome.done]
    target = str(outcomes[0].task_id) if len(outcomes) == 1 else f"{len(outcomes)} tasks"
    record_act(tenant_id, f"task.{verb.name}", target, done=done, refused=dict(_refused(outcomes)))


def _refused(outcomes: Sequence[TransitionResult]) -> Counter[str]:
    return Counter(outcome.reason for outcome in outcomes if not outcome.done)


LOG_ENTRIES = 1_000
BUTTONS = ("retry", "cancel")
NO_FILTERS = (PAGE_VAR, ORDER_VAR, ALL_VAR, SEARCH_VAR)  # parameters of the list that do not narrow it (a search does)


class TaskList(BrowseList):
    """Narrowed by type and queue through the few partitions that have them."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        tasks = super().get_queryset(request, exclude_parameters)
        partitions = partitions_asked_for(request)
        return tasks if partitions is None else tasks.filter(partition__in=partitions)


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    changelist = TaskList
    list_display = (
        "short_id",
        "type",
        "queue",
        "tenant",
        "status",
        "priority",
        "attempt",
        "created_at",
        "waited",
        "ran",
    )
    list_filter = (StatusFilter, TypeFilter, QueueFilter, TenantFilter)
    list_select_related = ("tenant",)
    list_per_page = 50
    search_fields = ("pk",)
    search_help_text = "The whole id of a task."
    large_fields = ("params", "requirements", "labels", "progress", "result", "error_message", "error_detail")
    actions = ("retry", "cancel", "redrive")
    fieldsets = (
        ("What", {"fields": ("id", "type", "queue", "tenant", "priority", "labelled", "requires", "parameters")}),
        (
            "State",
            {
                "fields": (
                    "status",
                    "progress",
                    "attempt",
                    "failures",
                    "crash_count",
                    "max_retries",
                    "timeout_seconds",
                    "worker_id",
                    "lease_expires_at",
                    "cancel_requested_at",
                )
            },
        ),
        ("Result", {"fields": ("returned", "error_code", "error_message", "exception_class", "traceback")}),
        (
            "Times",
            {
                "fields": (
                    "created_at",
                    "run_at",
                    "expires_at",
                    "started_at",
                    "finished_at",
                    "updated_at",
                    "waited",
                    "ran",
                )
            },
        ),
    )

    @admin.display(description="id")
    def short_id(self, task: Task) -> SafeString:
        # the first half of a version 7 uuid is its time: the last digits tell neighbours apart
        return format_html('<span title="{}">{}</span>', task.pk, str(task.pk)[-8:])

    @admin.display(description="labels")
    def labelled(self, task: Task) -> str:
        return ", ".join(masked(task.labels, task.secrets))

    @admin.display(description="requirements")
    def requires(self, task: Task) -> SafeString | None:
        return display.pretty_json(task.requirements, task.secrets)

    @admin.display(description="params")
    def parameters(self, task: Task) -> SafeString | None:
        return display.pretty_json(task.params, task.secrets)

    @admin.display(description="result")
    def returned(self, task: Task) -> SafeString | None:
        return display.pretty_json(task.result, task.secrets)

    @admin.display(description="exception class")
    def exception_class(self, task: Task) -> str:
        return task.error_class

    @admin.display(description="traceback")
    def traceback(self, task: Task) -> SafeString | None:
        return display.preformatted(task.error_traceback)

    @admin.display(description="waited")
    def waited(self, task: Task) -> str | None:
        return display.waited(task)

    @admin.display(description="ran")
    def ran(self, task: Task) -> str | None:
        return display.ran(task)

    @admin.action(description=VERBS["retry"].label, permissions=["operate"])
    def retry(self, request: HttpRequest, tasks: QuerySet[Task]) -> HttpResponse | None:
        return self._act(request, "retry", tasks)

    @admin.action(description=VERBS["cancel"].label, permissions=["operate"])
    def cancel(self, request: HttpRequest, tasks: QuerySet[Task]) -> HttpResponse | None:
        return self._act(request, "cancel", tasks)

    @admin.action(description=VERBS["redrive"].label, permissions=["operate"])
    def redrive(self, request: HttpRequest, tasks: QuerySet[Task]) -> HttpResponse | None:
        return self._act(request, "redrive", tasks)

    def _act(self, request: HttpRequest, name: str, tasks: QuerySet[Task]) -> HttpResponse | None:
        """Ticked tasks at once; all that match on a page of their own. A search finds one task at most."""
        if is_for_all_that_match(request) and not request.GET.get(SEARCH_VAR, "").strip():
            filters = {key: value for key, value in request.GET.items() if key not in NO_FILTERS}
            return HttpResponseRedirect(reverse(f"admin:queueapp_task_bulk_{name}", query=filters))
        perform(request, name, list(tasks.order_by().values_list("pk", flat=True)))
        return None

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("queueapp.change_task")

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Only those that the status asked for allows."""
        status = asked_for(request, "status")
        actions = super().get_actions(request, **located(action_location))
        return {name: action for name, action in actions.items() if status is None or status in VERBS[name].allowed}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return by_id(queryset, "pk", search_term), False

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], per_page: int, *args: Any, **kwargs: Any
    ) -> TaskPaginator:
        paginator = TaskPaginator(queryset, per_page, *args, **kwargs)
        paginator.partitions = partitions_asked_for(request)
        return paginator

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        one, many = wrap(self.verb_view), wrap(self.bulk_view)
        return [
            path("artifacts/<uuid:artifact_id>/", wrap(download_view), name=DOWNLOAD),
            *(path(f"<uuid:task_id>/{name}/", one, {"name": name}, name=f"queueapp_task_{name}") for name in BUTTONS),
            *(path(f"bulk/{name}/", many, {"name": name}, name=f"queueapp_task_bulk_{name}") for name in VERBS),
            *super().get_urls(),
        ]

    def verb_view(self, request: HttpRequest, task_id: UUID, name: str) -> HttpResponse:
        """What the buttons on a task's page post to. A GET, as after signing in again, leads to the task."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        if not Task.objects.filter(pk=task_id).exists():
            raise Http404(f"No task {task_id}.")
        if request.method == "POST":
            perform(request, name, [task_id])
        else:
            messages.warning(request, f"Nothing was done yet: press {VERBS[name].label} once more.")
        return HttpResponseRedirect(reverse("admin:queueapp_task_change", args=[task_id]))

    def bulk_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """What an action leads to that is for all tasks that the filters match."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        label = VERBS[name].label
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return bulk_page(request, Verb(name), {**shared, "title": f"{label}: all that match", "label": label})

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Task | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["log"] = list(display.with_elapsed(queries.story(obj.pk, limit=LOG_ENTRIES)))
            context["artifacts"] = artifacts_of(obj)
            context["log_is_longer"] = len(context["log"]) == LOG_ENTRIES
            if self.has_operate_permission(request):
                context["buttons"] = [
                    (VERBS[name].label, reverse(f"admin:queueapp_task_{name}", args=[obj.pk]))
                    for name in BUTTONS
                    if obj.status in VERBS[name].allowed
                ]
        return super().render_change_form(request, context, add, change, form_url, obj)
