"""Delete tasks that ended long ago."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from queueapp import lifecycle
from queueapp.management.arguments import whole_number
from queueapp.management.base import PlatformCommand, acting
from queueapp.operations import record


class Command(PlatformCommand):
    help = "Delete tasks that ended at least so many days ago. Their log stays."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--days", type=whole_number(0, 3_650), required=True, help="0 means all that have ended")

    def handle(self, **options: Any) -> None:
        with acting():
            deleted = lifecycle.purge(finished_before=timezone.now() - timedelta(days=options["days"]))
            record("task.purge", f"ended {options['days']} days ago", deleted=deleted)
        if options["json"]:
            self.output.json({"deleted": deleted})
        else:
            self.output.line(f"Deleted: {deleted} tasks.")
