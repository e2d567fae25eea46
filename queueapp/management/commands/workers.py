"""List worker processes and what they are busy with, or have one, or a whole cluster, end in good order."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from queueapp.management.base import PlatformCommand, acting
from queueapp.management.output import rfc3339, seconds
from queueapp.operators.workers import drain_cluster, stop_worker
from queueapp.tasks import queries
from queueapp.tasks.figures import WorkerUsage
from queueapp.tasks.queries import WorkerRow
from queueapp.tasks.serializers import WorkerDocument

HEADERS = (
    *("worker", "state", "host", "pid", "queues", "release"),
    *("started", "heartbeat", "last hour", "p95", "busy with"),
)


class Command(PlatformCommand):
    help = "List live workers, the newest first, or have one, or a cluster, finish what it runs and end."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--all", action="store_true", help="dead and stopped ones too")
        ends = parser.add_mutually_exclusive_group()
        ends.add_argument(
            "--stop", metavar="ID", type=UUID, help="a worker that is to end after its task; a fresh one follows"
        )
        ends.add_argument("--drain", metavar="CLUSTER", type=UUID, help="a cluster that is to finish and end (`qinfo`)")
        parser.add_argument("--reason", default="", help="of --stop or --drain, for the record")

    def handle(self, **options: Any) -> None:
        with acting():
            if options["stop"]:
                stop_worker(options["stop"], options["reason"])
            if options["drain"]:
                drain_cluster(options["drain"], options["reason"])
            rows = queries.worker_rows(include_dead=options["all"])
            documents = WorkerDocument.of_rows(rows)
        if options["json"]:
            self.output.json(documents)
        elif rows:
            pairs = zip(rows, documents, strict=True)
            self.output.table(HEADERS, [_row(row, document.last_hour) for row, document in pairs])
        else:
            self.output.line("No worker is alive. `manage.py qcluster` starts some.")


def _row(row: WorkerRow, done: WorkerUsage) -> list[str]:
    worker = row.worker
    state = "live" if row.is_live else "stopped" if worker.stopped_at else "dead"
    if row.is_live and worker.stop_asked_at:
        state = "stopping"
    return [
        str(worker.id),
        state,
        worker.host,
        str(worker.pid),
        "all" if worker.queues is None else ", ".join(worker.queues),
        worker.release,
        rfc3339(worker.started_at, timespec="seconds"),
        f"{seconds(row.seconds_since_heartbeat)} ago",
        f"{done.attempts} ({done.failures} failed)",
        seconds(done.run.p95),
        ", ".join(f"{task['type']} {task['id']}" for task in row.tasks),
    ]
