"""Scenes on the running stack: what tasks leave behind, and what durable means when workers are killed."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import Count

from queueapp import clock, tasks
from queueapp.artifacts.object_store import open_object
from queueapp.errors import InvalidTask
from queueapp.management.base import acting
from queueapp.management.output import Output
from queueapp.models import Artifact, Task, TaskLog, Worker
from queueapp.states import FINAL, Status

PATIENCE_SECONDS = 60


class Scenes:
    """Each scene says what it does and what came of it. Raises CommandError where it came otherwise."""

    def __init__(self, tenant_id: UUID, output: Output) -> None:
        self._tenant_id = tenant_id
        self._say = output.line
        self._began = clock.now()

    def artifact(self) -> None:
        task = self._completed("echo", {"msg": "hello"})
        with acting():
            artifact = Artifact.objects.get(task_id=task.id)
        with open_object(artifact.object_key) as file:
            content = file.read().decode()
        self._say(f"\nTask {task.id} left the artifact {artifact.id}, {artifact.size_bytes} bytes: {content}")

    def fetched_and_found(self) -> None:
        """A page of our own web server: the demo needs no other."""
        url = f"{os.environ['TASKRUNNER_URL']}/api/v1/docs"
        try:
            page = self._summary("fetch", {"url": url})
        except InvalidTask as refusal:
            if refusal.code != "fetch_address_not_allowed":
                raise
            self._say(f"\nFetching {url} is refused, as it should be: {refusal}. `make demo` allows it to itself.")
            return
        found = self._summary("search", {"query": '"idempotency key"', "sources": ["library"]})
        self._say(f"\nFetched {url}: {page}. A search in what was fetched: {found}.")

    def killed_worker(self) -> None:
        task = self._running(seconds=2)
        pid = self._kill_worker_of(task)
        began = time.monotonic()
        ended = self._wait(task, lambda now: now.status == Status.COMPLETED)
        self._say(
            f"\nkill -9 {pid}, the worker that was running task {task.id}. Another worker took it over and had "
            f"finished it {_since(began)} later: attempt {ended.attempt}, failures {ended.failures}."
        )

    def cancelled_while_running(self) -> None:
        task = self._running(seconds=60)
        began = time.monotonic()
        with acting():
            tasks.cancel(task.id)
        self._wait(task, lambda now: now.status == Status.CANCELLED)
        self._say(f"\nCancelled task {task.id} in the middle of a minute's sleep: stopped {_since(began)} later.")

    def redriven(self) -> None:
        task = self._running(seconds=2)
        for crash in (1, 2, 3):
            self._kill_worker_of(task)
            task = self._wait(task, lambda now, crashes=crash: _taken_again(now, crashes))  # type: ignore[misc]
        with acting():
            tasks.redrive(tenant_id=self._tenant_id, type_pattern=task.type)
        ended = self._wait(task, lambda now: now.status == Status.COMPLETED)
        self._say(
            f"\nThree workers were killed under task {task.id}, so it became a dead letter ({task.error_code}) "
            f"instead of taking a fourth. Redriven, it is {ended.status}."
        )

    def failed_and_dead_lettered(self) -> None:
        task = self._submit(seconds=30, timeout_seconds=1, max_retries=1)
        ended = self._wait(task, lambda now: now.status == Status.DEAD_LETTER)
        self._say(
            f"\nTask {task.id} sleeps longer than it may. It failed, was retried, failed again and is a dead letter: "
            f"{ended.error_code}, {ended.failures} failures."
        )

    def audit(self) -> None:
        """What the database itself says of all that was done."""
        with acting():
            ours = Task.objects.filter(created_at__gte=self._began)
            unfinished = ours.exclude(status__in=FINAL).count()
            completions = TaskLog.objects.filter(to_status=Status.COMPLETED, task_id__in=ours.values("id"))
            twice = completions.values("task_id").annotate(times=Count("id")).filter(times__gt=1).count()
            total = ours.count()
        self._say(f"\nOf {total} tasks {unfinished} are lost and {twice} completed twice.")
        if unfinished or twice:
            raise CommandError("That should have been none.")

    def _submit(self, *, seconds: float, **options: int) -> Task:
        with acting():
            return tasks.submit("sleep", {"seconds": seconds}, tenant_id=self._tenant_id, **options)

    def _completed(self, type: str, params: dict[str, Any]) -> Task:
        with acting():
            task = tasks.submit(type, params, tenant_id=self._tenant_id)
        return self._wait(task, lambda now: now.status == Status.COMPLETED)

    def _summary(self, type: str, params: dict[str, Any]) -> str:
        """What a new task says that it has done."""
        result = self._completed(type, params).result or {}
        return str(result["summary"])

    def _running(self, *, seconds: float) -> Task:
        return self._wait(self._submit(seconds=seconds), lambda now: now.status == Status.LEASED)

    def _kill_worker_of(self, task: Task) -> int:
        with acting():
            pid = Worker.objects.get(id=str(task.worker_id)).pid
        os.kill(pid, signal.SIGKILL)
        return pid

    def _wait(self, task: Task, reached: Callable[[Task], bool]) -> Task:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with acting():
                now = Task.objects.get(id=task.id)
            if reached(now):
                return now
            if time.monotonic() > deadline:
                raise CommandError(f"Task {task.id} is {now.status} after {PATIENCE_SECONDS} s.")
            time.sleep(0.05)


def _taken_again(task: Task, crashes: int) -> bool:
    """Whether the task has been leased again after so many crashes, or has ended by them."""
    return task.crash_count == crashes and task.status in (Status.LEASED, Status.DEAD_LETTER)


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"
