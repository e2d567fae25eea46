"""List tasks, the newest first."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from queueapp import clock
from queueapp.management.arguments import check_queue, find_tenant, pattern, whole_number
from queueapp.management.base import PlatformCommand, acting
from queueapp.management.follow import progress_of
from queueapp.management.output import rfc3339, seconds
from queueapp.models import Task
from queueapp.states import STATUS_GROUPS, Status
from queueapp.tasks.queries import ran_seconds, waited_seconds
from queueapp.tasks.serializers import TaskDocument

STATUS_NAMES = sorted({status.value for status in Status} | STATUS_GROUPS.keys())


class Command(PlatformCommand):
    help = "List tasks of all tenants, the newest first."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--status", choices=STATUS_NAMES, help="`failed` includes dead_letter; pending, running are groups too"
        )
        parser.add_argument("--type", type=pattern, metavar="PATTERN", help="a type, or X.* for all below X")
        parser.add_argument("--queue")
        parser.add_argument("--tenant", metavar="SLUG")
        parser.add_argument("--label")
        parser.add_argument("--limit", type=whole_number(1, 200), default=20, help="at most 200, by default 20")

    def handle(self, **options: Any) -> None:
        with acting():
            tasks = self._tasks(options)
        if options["json"]:
            self.output.json([TaskDocument.of_task(task, task.tenant.slug) for task in tasks])
        elif tasks:
            now = clock.now()
            headers = ("id", "status", "type", "tenant", "queue", "created", "waited", "ran", "note")
            self.output.table(headers, [_row(task, now) for task in tasks])
        else:
            self.output.line("No task matches.")

    def _tasks(self, options: dict[str, Any]) -> list[Task]:
        check_queue(options["queue"])
        tasks = Task.objects.select_related("tenant").matching(
            status=options["status"], type_pattern=options["type"], queue=options["queue"], label=options["label"]
        )
        if options["tenant"]:
            tasks = tasks.filter(tenant=find_tenant(options["tenant"]))
        if not options["json"]:
            # they may be long, and the table shows none of them
            tasks = tasks.defer("params", "result", "error_message", "error_detail")
        return list(tasks.order_by("-id")[: options["limit"]])


def _row(task: Task, now: datetime) -> list[str]:
    return [
        str(task.id),
        task.status,
        task.type,
        task.tenant.slug,
        task.queue,
        rfc3339(task.created_at, timespec="seconds"),
        seconds(waited_seconds(task, now)),
        seconds(ran_seconds(task, now)),
        _note(task),
    ]


def _note(task: Task) -> str:
    if task.status == Status.LEASED:
        return "is asked to stop" if task.cancel_requested_at else progress_of(task)
    if task.status in (Status.SCHEDULED, Status.FAILED):
        return " ".join(filter(None, [task.error_code, f"due {rfc3339(task.run_at, timespec='seconds')}"]))
    return task.error_code
