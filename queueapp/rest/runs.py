"""Runs, and the metrics and notes of runs and tasks."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from pydantic import StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from queueapp.models import Run, RunMetric, RunNote, Task
from queueapp.models.runs import MAX_RUN_KEY
from queueapp.redaction import masked
from queueapp.rest.toolkit.errors import NotVisible
from queueapp.rest.toolkit.pagination import PageForm, page
from queueapp.rest.toolkit.permissions import Right
from queueapp.rest.toolkit.views import ApiView, Form
from queueapp.rest.visibility import find_task
from queueapp.validation import Text

SHOWN_WITH_A_RUN = 1_000


class RunForm(PageForm):
    """Which runs."""

    run_key: Annotated[Text, StringConstraints(min_length=1, max_length=MAX_RUN_KEY)] | None = None
    status: Run.Status | None = None
    task_id: UUID | None = None


class RunView(ApiView):
    """Base of what shows runs: those of the principal's tenant; for an admin who names none, all."""

    rights: ClassVar = {"GET": Right.TASKS_READ}

    def visible_runs(self) -> "QuerySet[Run]":
        tenant_id = self.principal.sees_tenant
        return Run.objects.all() if tenant_id is None else Run.objects.filter(tenant_id=tenant_id)


class RunList(RunView):
    """The runs that the principal may see."""

    def get(self, request: Request) -> Response:
        form = self.query(RunForm)
        wanted = {"run_key": form.run_key, "status": form.status, "task_id": form.task_id}
        with self.principal.scope():
            runs = self.visible_runs().filter(**{name: value for name, value in wanted.items() if value is not None})
            if form.task_id:  # the index begins with the tenant, which an admin need not name
                runs = runs.filter(tenant_id__in=Task.objects.filter(id=form.task_id).values("tenant_id"))
            return Response(page(request, runs, form, run_document))


class RunDetail(RunView):
    """A run with its first thousand metrics and notes."""

    def get(self, request: Request, run_id: UUID) -> Response:
        self.query(Form)
        with self.principal.scope():
            run = self.visible_runs().filter(id=run_id).first()
            if run is None:
                raise NotVisible
            metrics = RunMetric.objects.filter(tenant_id=run.tenant_id, run_id=run_id)[:SHOWN_WITH_A_RUN]
            notes = RunNote.objects.filter(tenant_id=run.tenant_id, run_id=run_id)[:SHOWN_WITH_A_RUN]
            return Response(
                {
                    **run_document(run),
                    "metrics": [metric_document(metric) for metric in metrics],
                    "notes": [note_document(note) for note in notes],
                }
            )


class TaskMetrics(ApiView):
    """What a task measured, whether or not its type keeps runs; the newest first."""

    rights: ClassVar = {"GET": Right.TASKS_READ}

    def get(self, request: Request, task_id: UUID) -> Response:
        form = self.query(PageForm)
        with self.principal.scope():
            task = find_task(self.principal, task_id)
            metrics = RunMetric.objects.filter(tenant_id=task.tenant_id, task_id=task_id)
            return Response(page(request, metrics, form, metric_document))


class TaskNotes(ApiView):
    """What a task noted, the newest first."""

    rights: ClassVar = {"GET": Right.TASKS_READ}

    def get(self, request: Request, task_id: UUID) -> Response:
        form = self.query(PageForm)
        with self.principal.scope():
            task = find_task(self.principal, task_id)
            notes = RunNote.objects.filter(tenant_id=task.tenant_id, task_id=task_id)
            return Response(page(request, notes, form, note_document))


def run_document(run: Run) -> dict[str, Any]:
    names = ("id", "run_key", "task_id", "attempt", "status", "started_at", "finished_at", "metadata")
    return {name: getattr(run, name) for name in names}


def metric_document(metric: RunMetric) -> dict[str, Any]:
    document = {name: getattr(metric, name) for name in ("id", "run_id", "task_id", "name", "created_at")}
    return document | {"value": masked(metric.value)}


def note_document(note: RunNote) -> dict[str, Any]:
    return {name: getattr(note, name) for name in ("id", "run_id", "task_id", "type", "content", "created_at")}
