"""What became of tasks in a window of time, by queue and type: how many, how long they waited and ran."""

from typing import Any

from django.core.management.base import CommandParser

from queueapp.management.arguments import find_tenant
from queueapp.management.base import PlatformCommand, acting
from queueapp.management.output import seconds
from queueapp.tasks.figures import FiguresDocument, WindowDocument
from queueapp.tasks.statistics import WINDOWS

TIMES = ("wait p50", "p95", "p99", "run p50", "p95", "p99")
HEADERS = ("queue", "type", "a minute", "done", "failed", "tried again", *TIMES)


class Command(PlatformCommand):
    help = "Show what became of tasks lately, by queue and type, with percentiles of their waits and runs."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--window", choices=WINDOWS, default="1h", help="how far back; default: 1h")
        parser.add_argument("--tenant", metavar="SLUG", help="default: all")

    def handle(self, **options: Any) -> None:
        with acting():
            tenant_id = find_tenant(options["tenant"]).id if options["tenant"] else None
            document = WindowDocument.of_window(options["window"], tenant_id)
        if options["json"]:
            self.output.json(document)
        elif document.types:
            rows = [[each.queue, each.type, *_cells(each)] for each in document.types]
            self.output.table(HEADERS, [*rows, ["all", "", *_cells(document.total)]])
        else:
            self.output.line(f"Nothing ran in the last {options['window']}.")


def _cells(figures: FiguresDocument) -> list[str]:
    times = (figures.wait.p50, figures.wait.p95, figures.wait.p99, figures.run.p50, figures.run.p95, figures.run.p99)
    rates = (figures.failure_rate, figures.retry_rate)
    return [
        f"{figures.per_minute:,.1f}",
        str(figures.completed),
        *("" if rate is None else f"{rate:.1%}" for rate in rates),
        *map(seconds, times),
    ]
