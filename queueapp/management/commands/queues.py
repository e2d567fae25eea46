"""List queues, or change one: `queues`, `queues pause NAME`, `queues strategy NAME fair`."""

from argparse import SUPPRESS
from typing import Any

from django.core.management.base import CommandError, CommandParser

from queueapp.management.base import PlatformCommand, acting
from queueapp.management.output import seconds
from queueapp.models import Queue
from queueapp.operators import service
from queueapp.operators.pauses import await_pause
from queueapp.states import Status
from queueapp.tasks import queries
from queueapp.tasks.diagnosis import pause_in_words
from queueapp.tasks.queries import QueueRow
from queueapp.tasks.serializers import QueueDocument


class Command(PlatformCommand):
    help = "List queues, or pause, resume, add or reorder one."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        actions = parser.add_subparsers(dest="action", metavar="pause | resume | add | strategy")
        texts = {"pause": "start nothing more of it", "resume": "start its tasks again", "add": "make it"}
        for action, text in {**texts, "strategy": "change the order of claiming"}.items():
            subparser = actions.add_parser(action, help=text)
            subparser.add_argument("name")
            if action == "pause":
                subparser.add_argument("--reason", default="", help="shown wherever the queue is")
                subparser.add_argument("--until", metavar="TIME", help="its end, e.g. 2030-01-31T12:00:00Z")
            if action == "strategy":
                subparser.add_argument("strategy", metavar="STRATEGY", help=", ".join(Queue.Strategy.values))
            # without a default, which would undo a --json before the action
            subparser.add_argument("--json", action="store_true", default=SUPPRESS)

    def handle(self, **options: Any) -> None:
        name = options.get("name")
        if name:
            with acting():
                _change(options["action"], name, options)
        unconfirmed = await_pause(name) if name and options["action"] == "pause" else []
        with acting():
            rows = [row for row in queries.queue_rows() if name in (None, row.name)]
        if options["json"]:
            self.output.json([QueueDocument.of(row) for row in rows])
        else:
            headers = ("queue", "state", "strategy", "workers", "oldest wait", "tasks")
            self.output.table(headers, [_row(row) for row in rows])
            for row in rows:
                if row.paused_at is not None:
                    self.output.line(pause_in_words(row, tells_who=True))
        if unconfirmed:
            raise CommandError(
                f"Paused, but {len(unconfirmed)} workers have not confirmed: they may still start a task."
            )


def _change(action: str, name: str, options: dict[str, Any]) -> None:
    if action == "pause":
        service.pause_queue(name, options["reason"], options["until"])
    elif action == "resume":
        service.resume_queue(name)
    elif action == "add":
        service.add_queue(name)
    else:
        service.set_strategy(name, options["strategy"])


def _row(row: QueueRow) -> list[str]:
    counts = [f"{row.counts[status]} {status}" for status in Status if row.counts.get(status)]
    return [
        row.name,
        "open" if row.paused_at is None else "pausing" if row.unconfirmed_by else "paused",
        row.strategy,
        str(row.live_workers),
        seconds(row.oldest_wait_seconds),
        ", ".join(counts),
    ]
