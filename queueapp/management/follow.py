"""Watching one task until it ends: its story line by line, and on a terminal how far it is."""

import time
from uuid import UUID

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from queueapp import clock
from queueapp.errors import TaskNotFound
from queueapp.management.base import acting
from queueapp.management.output import Output, printable
from queueapp.management.timeline import Timeline, whole_story
from queueapp.models import Task, TaskLog
from queueapp.states import FINAL


def progress_of(task: Task) -> str:
    """What the handler told last, e.g. `40 % 3 s left`."""
    if task.progress is None:
        return ""
    return f"{task.progress['fraction'] * 100:.0f} % {task.progress['message']}".rstrip()


POLL_SECONDS = 0.1


def follow(task_id: UUID, output: Output) -> Task:
    """Show what happens to a task until it ends, and return it. Raises TaskNotFound if it is purged meanwhile."""
    timeline = Timeline()
    seen = 0
    line = _LastLine(output)
    with line.live:
        while True:
            task, news = _look(task_id, after=seen)
            seen += len(news)
            for entry in news:
                for step in timeline.add(entry):
                    output.line(step.text, step.style)
            if task.status in FINAL:
                return task
            line.show(task, " ".join(step.words for step in timeline.so_far(clock.now())))
            time.sleep(POLL_SECONDS)  # outside the scope: no transaction is open while waiting


def _look(task_id: UUID, *, after: int) -> tuple[Task, list[TaskLog]]:
    """The task, then its news: read in this order, the news of a task that has ended are complete."""
    with acting():
        task = Task.objects.filter(id=task_id).first()
        if task is None:
            raise TaskNotFound(task_id)
        return task, list(whole_story(task_id, after=after))


class _LastLine:
    """On a terminal a spinner, a bar and words that change in place; elsewhere a line when there is progress."""

    def __init__(self, output: Output) -> None:
        columns = (SpinnerColumn(), BarColumn(bar_width=24), TextColumn("{task.description}", markup=False))
        self.live = Progress(*columns, console=output.console, transient=True, disable=not output.is_terminal)
        self._output = output
        self._bar = self.live.add_task("", total=None)
        self._told = ""

    def show(self, task: Task, stay: str) -> None:
        told = progress_of(task)
        words = printable(f"{task.status}, {stay}  {told}")
        if task.progress:
            self.live.update(self._bar, description=words, total=1, completed=task.progress["fraction"])
        else:
            self.live.update(self._bar, description=words)
        if told != self._told and not self._output.is_terminal:
            self._output.line(f"{'':38}{told}")
        self._told = told
