"""Show one task: its row, its story step by step, its parameters and its result or error."""

from typing import Any

from django.core.management.base import CommandParser

from queueapp import clock
from queueapp.errors import TaskNotFound
from queueapp.management.arguments import task_id
from queueapp.management.base import PlatformCommand, acting
from queueapp.management.follow import progress_of
from queueapp.management.output import pretty, rfc3339, seconds
from queueapp.management.timeline import Step, Timeline, whole_story
from queueapp.models import Task
from queueapp.redaction import masked
from queueapp.states import FINAL
from queueapp.tasks.serializers import TaskDocument


class Command(PlatformCommand):
    help = "Show one task and its story."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("id", type=task_id)

    def handle(self, **options: Any) -> None:
        with acting():
            task = Task.objects.select_related("tenant").filter(id=options["id"]).first()
            if task is None:
                raise TaskNotFound(options["id"])
            steps = _steps(task)
        if options["json"]:
            story = [step.document() for step in steps]
            self.output.json({**TaskDocument.of_task(task, task.tenant.slug, with_traceback=True), "story": story})
        else:
            self._show(task, steps)

    def _show(self, task: Task, steps: list[Step]) -> None:
        for name, value in _facts(task):
            if value:
                self.output.line(f"{name:<12}{value}")
        self.output.line()
        for step in steps:
            self.output.line(step.text, step.style)
        self.output.line(f"\nparams  {pretty(task.params, task.secrets)}")
        if task.result is not None:
            self.output.line(f"result  {pretty(task.result, task.secrets)}")
        if task.error_code:
            self.output.line(f"error   {task.error_code}: {task.error_message}", style="red")
        if task.error_traceback:
            self.output.line(f"\n{task.error_traceback}")


def _steps(task: Task) -> list[Step]:
    timeline = Timeline()
    steps = [step for entry in whole_story(task.id) for step in timeline.add(entry)]
    return steps if task.status in FINAL else [*steps, *timeline.so_far(clock.now())]


def _facts(task: Task) -> list[tuple[str, str]]:
    counters = f"{task.failures} failures (may fail {task.max_retries} times), {task.crash_count} crashes"
    return [
        ("task", str(task.id)),
        ("type", task.type),
        ("status", task.status),
        ("tenant", task.tenant.slug),
        ("queue", f"{task.queue}, priority {task.priority}"),
        ("labels", ", ".join(masked(task.labels, task.secrets))),
        ("requires", ", ".join(f"{name}={value}" for name, value in masked(task.requirements, task.secrets).items())),
        ("attempts", f"{task.attempt}; {counters}"),
        ("time-out", f"{task.timeout_seconds} s"),
        ("ran", seconds(task.run_seconds)),
        ("due", rfc3339(task.run_at)),
        ("expires", rfc3339(task.expires_at) if task.expires_at else ""),
        ("repeats", str(task.retried_from_id or "")),
        ("progress", progress_of(task)),
        ("cancel", f"asked for at {rfc3339(task.cancel_requested_at)}" if task.cancel_requested_at else ""),
    ]
