"""Delete tasks that ended long ago."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from queueapp import clock, tasks
from queueapp.management.arguments import whole_number
from queueapp.management.base import PlatformCommand, acting
from queueapp.operators.service import record


class Command(PlatformCommand):
    help = "Delete tasks that ended at least so many days ago. Their log stays."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--days", type=whole_number(0, 3_650), required=True, help="0 means all that have ended")

    def handle(self, **options: Any) -> None:
        deleted = _purge(options["days"])
        if options["json"]:
            self.output.json({"deleted": deleted})
        else:
            self.output.line(f"Deleted: {deleted} tasks.")


def _purge(days: int) -> int:
    """Batch by batch, each committed with its record: one transaction for all would hold up claims while it lasts."""
    before = clock.now() - timedelta(days=days)
    total = 0
    while True:
        with acting():
            deleted = tasks.purge_batch(finished_before=before)
            if deleted or not total:
                record("task.purge", f"ended {days} days ago", deleted=deleted)
        if not deleted:
            return total
        total += deleted
