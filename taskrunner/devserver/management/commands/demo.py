"""What `make demo` shows inside a started stack: real tasks on real workers, and what became of them."""

import os
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from rich.progress import Progress

from queueapp import tasks
from queueapp.management.arguments import DEMO
from queueapp.management.base import PlatformCommand, acting
from queueapp.models import Task, Tenant
from queueapp.states import FINAL, Status
from taskrunner.devserver.console import BEGAN
from taskrunner.devserver.demo_scenes import Scenes
from taskrunner.devserver.seed import seed_tenants

ECHOES, SLEEPS = 150, 50
PATIENCE_SECONDS = 120


class Command(PlatformCommand):
    help = (
        "Run 200 tasks on the workers of `make up` and some of every family, kill a few workers, "
        "and say what became of them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """None: it is for watching."""

    def handle(self, **options: Any) -> None:
        if not os.environ.get("TASKRUNNER_URL"):
            raise CommandError("TASKRUNNER_URL is not set: `make demo` shows this, or `source .taskrunner/env` first.")
        seed_tenants()
        scenes = Scenes(_demo_tenant(), self.output)
        self.output.line("\n$ manage.py submit echo msg=hello --wait")
        call_command("submit", "echo", "msg=hello", wait=True, stdout=self.stdout)
        if started := os.environ.get(BEGAN):
            self.output.line(f"The first result, {time.monotonic() - float(started):.1f} s after `make demo`.")

        self.output.line(f"\n{ECHOES} echoes and {SLEEPS} short sleeps, through the Python API:")
        began = time.monotonic()
        task_ids = _submit()
        statuses = self._wait(task_ids)
        took = time.monotonic() - began

        self.output.line(f"\n$ manage.py task {task_ids[-1]}")
        call_command("task", str(task_ids[-1]), stdout=self.stdout)
        self.output.line()
        self.output.table(("status", "tasks"), [(status, str(count)) for status, count in statuses.items()])
        self.output.line(f"\n{len(task_ids)} tasks in {took:.1f} s: {len(task_ids) / took:,.0f} tasks/s.")
        if statuses[Status.COMPLETED] != len(task_ids):
            raise CommandError("Not every task is completed; `manage.py tasks --status failed` lists those.")
        self.output.line("\n$ manage.py config set app.api_timeout 45")
        call_command("config", "set", "app.api_timeout", "45", stdout=self.stdout)
        scenes.artifact()
        scenes.fetched_and_found()
        scenes.killed_worker()
        scenes.cancelled_while_running()
        scenes.redriven()
        scenes.failed_and_dead_lettered()
        scenes.audit()

    def _wait(self, task_ids: Sequence[UUID]) -> Counter[str]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        with Progress(console=self.output.console, disable=not self.output.is_terminal) as progress:
            bar = progress.add_task("ended", total=len(task_ids))
            while True:
                statuses = _statuses(task_ids)
                ended = sum(statuses[status] for status in FINAL)
                progress.update(bar, completed=ended)
                if ended == len(task_ids):
                    return statuses
                if time.monotonic() > deadline:
                    raise CommandError(
                        f"{ended} of {len(task_ids)} ended in {PATIENCE_SECONDS} s; `manage.py doctor` may know why."
                    )
                time.sleep(0.1)


def _submit() -> list[UUID]:
    echoes = [{"type": "echo", "params": {"number": number}} for number in range(ECHOES)]
    sleeps = [{"type": "sleep", "params": {"seconds": 0.1}} for _ in range(SLEEPS)]
    with acting():
        return tasks.submit_many([*echoes, *sleeps], tenant_id=_demo_tenant())


def _demo_tenant() -> UUID:
    with acting():
        return Tenant.objects.get(slug=DEMO).id


def _statuses(task_ids: Sequence[UUID]) -> Counter[str]:
    with acting():
        return Counter(Task.objects.filter(id__in=task_ids).values_list("status", flat=True))
