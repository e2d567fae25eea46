"""Worker processes: live or dead, and busy with what."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from queueapp.admin.toolkit import display
from queueapp.admin.toolkit.model_admin import ReadOnlyAdmin
from queueapp.durations import duration
from queueapp.models import Worker
from queueapp.tasks import queries
from queueapp.tasks.queries import WorkerRow

BUSY_SHOWN = 10  # a worker may hold a set of a hundred tiny tasks


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ("process", "live", "heard_from", "serves", "busy_with", "started_at", "stopped_at")
    ordering = ("-heartbeat_at",)
    fields = (
        "id",
        "cluster_id",
        "host",
        "pid",
        "live",
        "serves",
        "capable_of",
        "busy_with",
        "started_at",
        "heartbeat_at",
        "stop_asked_at",
        "stopped_at",
    )

    def dress(self, rows: list[Worker]) -> None:
        glances = {glance.worker.pk: glance for glance in queries.worker_rows(ids=[worker.pk for worker in rows])}
        rows[:] = [worker for worker in rows if worker.pk in glances]  # the others were pruned a moment ago
        for worker in rows:
            worker.glance = glances[worker.pk]  # type: ignore[attr-defined]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Worker | None:
        worker: Worker | None = super().get_object(request, object_id, from_field)
        found = [worker] if worker is not None else []
        self.dress(found)
        return found[0] if found else None

    @admin.display(description="process")
    def process(self, worker: Worker) -> str:
        return str(worker)

    @admin.display(description="live", boolean=True)
    def live(self, worker: Worker) -> bool:
        return _glance(worker).is_live

    @admin.display(description="heard from")
    def heard_from(self, worker: Worker) -> str:
        return f"{duration(_glance(worker).seconds_since_heartbeat)} ago"

    @admin.display(description="queues")
    def serves(self, worker: Worker) -> str:
        return "all" if worker.queues is None else ", ".join(worker.queues)

    @admin.display(description="capabilities")
    def capable_of(self, worker: Worker) -> SafeString | None:
        return display.pretty_json(worker.capabilities)

    @admin.display(description="busy with")
    def busy_with(self, worker: Worker) -> SafeString:
        return format_html_join(
            ", ",
            '<a href="{}">{}</a>',
            (
                (reverse("admin:queueapp_task_change", args=[task["id"]]), task["type"])
                for task in _glance(worker).tasks[:BUSY_SHOWN]
            ),
        )


def _glance(worker: Worker) -> WorkerRow:
    return worker.glance  # type: ignore[attr-defined, no-any-return]
