"""Running such a task in a worker, with Django's signals around it.

task_started is sent before the function is called, task_finished after the commit. Neither is sent where the process
dies, nor task_finished for a task that ends without having run.
"""

from typing import Any
from uuid import UUID

from queueapp.contrib.django_tasks import results
from queueapp.contrib.django_tasks.functions import Arguments
from queueapp.contrib.django_tasks.interface import (
    AnyTask,
    TaskContext,
    normalize_json,
    task_backends,
    task_finished,
    task_started,
)
from queueapp.hooks import Transition, on_transition
from queueapp.states import FINAL, Status
from queueapp.worker.context import TaskContext as RunningTask

MOST_STARTED = 10_000  # those whose lease was lost move elsewhere, and would stay here for ever

_started: dict[UUID, tuple[str, UUID]] = {}  # of tasks that ran here and have not moved since: alias and tenant


def run(task: AnyTask, running: RunningTask, arguments: Arguments) -> Any:
    """The handler of a task's type: call its function, and return what JSON makes of its result."""
    result = results.read(running.id, task.backend, running.tenant)
    if len(_started) >= MOST_STARTED:
        _started.clear()
    _started[running.id] = task.backend, running.tenant
    # Django logs what receivers raise; the task does not fail for it
    task_started.send_robust(type(task_backends[task.backend]), task_result=result)
    context: list[Any] = [TaskContext(task_result=result)] if task.takes_context else []
    return normalize_json(task.call(*context, *arguments.args, **arguments.kwargs))


@on_transition
def send_finished(moves: list[Transition]) -> None:
    for move in moves:
        if move.from_status == Status.LEASED and (ran := _started.pop(move.task_id, None)) and move.to_status in FINAL:
            alias, tenant = ran
            result = results.read(move.task_id, alias, tenant)
            task_finished.send_robust(type(task_backends[alias]), task_result=result)
