"""Queue dead letters again."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from queueapp import tasks
from queueapp.management.arguments import check_queue, find_tenant, pattern
from queueapp.management.base import PlatformCommand, acting
from queueapp.operators.service import record


class Command(PlatformCommand):
    help = "Queue dead letters again: those of a queue, a type or a tenant, or all."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--queue")
        parser.add_argument("--type", type=pattern, metavar="PATTERN", help="a type, or X.* for all below X")
        parser.add_argument("--tenant", metavar="SLUG")
        parser.add_argument("--all", action="store_true", help="all dead letters of all tenants")

    def handle(self, **options: Any) -> None:
        filters = {name: options[name] for name in ("queue", "type", "tenant") if options[name]}
        if bool(filters) == options["all"]:
            raise CommandError("Which dead letters? Give --queue, --type or --tenant, or else --all.")
        with acting():
            check_queue(options["queue"])
            tenant = find_tenant(options["tenant"]) if options["tenant"] else None
            outcomes = tasks.redrive(
                queue=options["queue"], type_pattern=options["type"], tenant_id=tenant.id if tenant else None
            )
            redriven = sum(outcome.done for outcome in outcomes)
            record("task.redrive", "dead letters", **filters, redriven=redriven)
        if options["json"]:
            self.output.json({"redriven": redriven})
        else:
            self.output.line(f"Queued again: {redriven} dead letters.")
