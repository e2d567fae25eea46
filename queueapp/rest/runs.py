"""Runs, and the metrics and notes of runs and tasks."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from django.db.models import QuerySet
from pydantic import StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.models import Run, RunMetric, RunNote, Task
from queueapp.models.runs import MAX_RUN_KEY
from queueapp.redaction import masked
from queueapp.rest.toolkit.endpoints import ResponseSpec, endpoint, resource
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.pagination import Page, PageQuery, page
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView
from queueapp.rest.visibility import find_task
from queueapp.validation import ResponseModel, Text

SHOWN_WITH_A_RUN = 1_000


class RunListQuery(PageQuery):
    """Which runs."""

    run_key: Annotated[Text, StringConstraints(min_length=1, max_length=MAX_RUN_KEY)] | None = None
    status: Run.Status | None = None
    task_id: UUID | None = None


class RunResponse(ResponseModel):
    """One attempt at the work that a key stands for."""

    id: UUID
    run_key: str
    task_id: UUID
    attempt: int
    status: Literal["running", "completed", "failed"]
    started_at: datetime
    finished_at: datetime | None
    metadata: dict[str, Any]

    @classmethod
    def of_run(cls, run: Run, **members: Any) -> Self:
        return cls.of(run, metadata=masked(run.metadata), **members)


class MetricResponse(ResponseModel):
    """A figure, or any JSON, that a task measured; no run where its type keeps none."""

    id: UUID
    run_id: UUID | None
    task_id: UUID
    name: str
    value: Any
    created_at: datetime


class NoteResponse(ResponseModel):
    """A text that a task left; no run where its type keeps none."""

    id: UUID
    run_id: UUID | None
    task_id: UUID
    type: str
    content: str
    created_at: datetime


class RunDetailResponse(RunResponse):
    """A run with what it measured and noted, the oldest first."""

    metrics: list[MetricResponse]
    notes: list[NoteResponse]


def metric_response(metric: RunMetric) -> MetricResponse:
    return MetricResponse.of(metric, value=masked(metric.value))


class RunView(ApiView):
    """Base of what shows runs: those of the principal's tenant; for an admin who names none, all."""

    def visible_runs(self) -> "QuerySet[Run]":
        tenant_id = self.principal.sees_tenant
        return Run.objects.all() if tenant_id is None else Run.objects.filter(tenant_id=tenant_id)


@resource("runs", tag="Runs")
class RunList(RunView):
    """The runs that the principal may see."""

    @endpoint(
        "List runs, the newest first",
        right=Right.TASKS_READ,
        responses={200: ResponseSpec("A page.", Page[RunResponse])},
        details="Types that keep runs leave one for each attempt; `run_key` says which work it was.",
    )
    def get(self, request: Request, query: RunListQuery) -> Response:
        wanted = {"run_key": query.run_key, "status": query.status, "task_id": query.task_id}
        with self.principal.scope():
            runs = self.visible_runs().filter(**{name: value for name, value in wanted.items() if value is not None})
            if query.task_id:  # the index begins with the tenant, which an admin need not name
                runs = runs.filter(tenant_id__in=Task.objects.filter(id=query.task_id).values("tenant_id"))
            return Response(page(request, runs, query, RunResponse.of_run))


@resource("runs/<uuid:run_id>", tag="Runs")
class RunDetail(RunView):
    """A run with its first thousand metrics and notes."""

    @endpoint(
        "Look at a run",
        right=Right.TASKS_READ,
        responses={200: ResponseSpec("The run, with its first thousand metrics and notes.", RunDetailResponse)},
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        with self.principal.scope():
            run = self.visible_runs().filter(id=run_id).first()
            if run is None:
                raise NotVisible
            metrics = RunMetric.objects.filter(tenant_id=run.tenant_id, run_id=run_id)[:SHOWN_WITH_A_RUN]
            notes = RunNote.objects.filter(tenant_id=run.tenant_id, run_id=run_id)[:SHOWN_WITH_A_RUN]
            return Response(
                RunDetailResponse.of_run(
                    run,
                    metrics=[metric_response(metric) for metric in metrics],
                    notes=[NoteResponse.of(note) for note in notes],
                )
            )


@resource("tasks/<uuid:task_id>/metrics", tag="Runs")
class TaskMetrics(ApiView):
    """The metrics of a task, whether or not its type keeps runs."""

    @endpoint(
        "What a task measured, the newest first",
        right=Right.TASKS_READ,
        responses={200: ResponseSpec("A page.", Page[MetricResponse])},
        errors=(405,),
    )
    def get(self, request: Request, task_id: UUID, query: PageQuery) -> Response:
        with self.principal.scope():
            task = find_task(self.principal, task_id)
            metrics = RunMetric.objects.filter(tenant_id=task.tenant_id, task_id=task_id)
            return Response(page(request, metrics, query, metric_response))


@resource("tasks/<uuid:task_id>/notes", tag="Runs")
class TaskNotes(ApiView):
    """The notes of a task."""

    @endpoint(
        "What a task noted, the newest first",
        right=Right.TASKS_READ,
        responses={200: ResponseSpec("A page.", Page[NoteResponse])},
        errors=(405,),
    )
    def get(self, request: Request, task_id: UUID, query: PageQuery) -> Response:
        with self.principal.scope():
            task = find_task(self.principal, task_id)
            notes = RunNote.objects.filter(tenant_id=task.tenant_id, task_id=task_id)
            return Response(page(request, notes, query, NoteResponse.of))
