"""How far a task is, in one line."""

from queueapp.models import Task


def progress_of(task: Task) -> str:
    """What the handler told last, e.g. `40 % 3 s left`."""
    if task.progress is None:
        return ""
    return f"{task.progress['fraction'] * 100:.0f} % {task.progress['message']}".rstrip()
