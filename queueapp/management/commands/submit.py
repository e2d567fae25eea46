"""Submit a task, and if asked wait for its end: `submit sleep seconds=3 --wait`.

Or an earlier one again: `submit --again ID --params '{"seconds": 4}'`.
"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from queueapp import tasks
from queueapp.management.arguments import (
    add_task_options,
    default_tenant,
    document,
    find_tenant,
    pairs,
    parameter,
    task_id,
    task_options,
)
from queueapp.management.base import PlatformCommand, acting
from queueapp.management.follow import follow
from queueapp.management.output import pretty
from queueapp.models import Task, Tenant
from queueapp.operators.service import record
from queueapp.states import Status
from queueapp.tasks.serializers import TaskDocument


class Command(PlatformCommand):
    help = "Submit a task."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("type", nargs="?", help="e.g. echo")
        parser.add_argument(
            "pairs", nargs="*", type=parameter, metavar="key=value", help="the value is JSON where it is valid JSON"
        )
        parser.add_argument("--again", type=task_id, metavar="ID", help="a task like this one, but for what is given")
        parser.add_argument(
            "--params", type=document, metavar="JSON", help="with --again: all parameters; *** stays secret"
        )
        parser.add_argument("--tenant", metavar="SLUG", help=f"default: {default_tenant()}")
        add_task_options(parser)
        parser.add_argument("--delay", type=float, metavar="SECONDS", dest="delay_seconds")
        parser.add_argument("--run-at", metavar="TIME", help="when it is due, e.g. 2026-01-31T12:00:00Z")
        parser.add_argument("--expires-at", metavar="TIME", help="cancelled unless started before")
        parser.add_argument("--dedup-key", metavar="KEY", help="until it expires, the task that took it is returned")
        parser.add_argument("--dedup-ttl", type=float, metavar="SECONDS", help="how long the key is held")
        parser.add_argument("--wait", action="store_true", help="show the task's story until it ends")
        # argparse alone would not find key=value behind an option
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]

    def handle(self, **options: Any) -> None:
        fields = _fields(options)
        with acting():
            task, tenant = self._again(options, fields) if options["again"] else self._submit(options, fields)
        with self.output.silenced(options["json"]):
            self.output.line(f"Task {task.id} of {tenant.slug} is {task.status} on queue {task.queue}.")
            if options["wait"]:
                task = self._wait(task)
        if options["json"]:
            self.output.json(TaskDocument.of_task(task, tenant.slug))
        if options["wait"] and task.status != Status.COMPLETED:
            raise CommandError(f"Task {task.id} ended as {task.status}.")

    def _submit(self, options: dict[str, Any], fields: dict[str, Any]) -> tuple[Task, Tenant]:
        if options["type"] is None or options["params"] is not None:
            raise CommandError("Give a type with key=value, or --again ID with --params.")
        tenant = find_tenant(options["tenant"])
        params = pairs(options["pairs"], "A parameter")
        return tasks.submit(options["type"], params, tenant_id=tenant.id, **fields), tenant

    def _again(self, options: dict[str, Any], fields: dict[str, Any]) -> tuple[Task, Tenant]:
        if options["type"] is not None or options["pairs"] or options["tenant"]:
            raise CommandError(
                "--again ID takes neither a type nor key=value nor --tenant; its parameters are --params JSON."
            )
        task = tasks.submit_again(options["again"], options["params"], **fields)
        record("task.submit_again", str(options["again"]), task=str(task.id))
        return task, Tenant.objects.get(id=task.tenant_id)

    def _wait(self, task: Task) -> Task:
        try:
            task = follow(task.id, self.output)
        except KeyboardInterrupt:
            raise CommandError(
                f"Stopped waiting; the task goes on. `manage.py task {task.id}` shows it, `cancel {task.id}` ends it."
            ) from None
        if task.result is not None:
            self.output.line(pretty(task.result, task.secrets))
        return task


def _fields(options: dict[str, Any]) -> dict[str, Any]:
    """The fields of the request that were given; the platform knows the defaults of the others."""
    fields = task_options(options)
    fields |= {name: options[name] for name in ("delay_seconds", "run_at", "expires_at") if options[name] is not None}
    if options["dedup_key"] is not None:
        ttl = {} if options["dedup_ttl"] is None else {"ttl_seconds": options["dedup_ttl"]}
        fields["dedup"] = {"key": options["dedup_key"], **ttl}
    elif options["dedup_ttl"] is not None:
        raise CommandError("--dedup-ttl needs --dedup-key.")
    return fields
