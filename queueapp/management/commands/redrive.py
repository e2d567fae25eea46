"""Queue dead letters again."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from queueapp.management.base import PlatformCommand
from queueapp.management.bulk_options import add_bulk_options, carry_out_for_all, names_filters
from queueapp.tasks.bulk import Verb


class Command(PlatformCommand):
    help = "Queue dead letters again, those that filters select, or all: a task for each tenant does it."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_bulk_options(parser, Verb.REDRIVE)

    def handle(self, **options: Any) -> None:
        if not names_filters(options):
            raise CommandError("Which dead letters? Give a filter such as --queue, --type or --tenant, or else --all.")
        carry_out_for_all(Verb.REDRIVE, self.output, options)
