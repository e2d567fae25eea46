"""How long a task waited and ran, and how far it is, as its row tells it."""

from datetime import datetime

from queueapp.models import Task
from queueapp.states import Status

RAN = (Status.LEASED, Status.COMPLETED, Status.DEAD_LETTER)


def waited_seconds(task: Task, now: datetime) -> float | None:
    """From the moment the task was due until its latest attempt began, or until now."""
    if task.status == Status.QUEUED:
        return max(0.0, (now - task.run_at).total_seconds())
    if task.status in RAN and task.started_at is not None:
        return max(0.0, (task.started_at - task.run_at).total_seconds())
    return None


def ran_seconds(task: Task, now: datetime) -> float | None:
    """How long the latest attempt runs or ran."""
    if task.status in RAN and task.started_at is not None:
        return max(0.0, ((task.finished_at or now) - task.started_at).total_seconds())
    return None


def progress_of(task: Task) -> str:
    """What the handler told last, e.g. `40 % 3 s left`."""
    if task.progress is None:
        return ""
    return f"{task.progress['fraction'] * 100:.0f} % {task.progress['message']}".rstrip()
