"""The functions behind tasks of `django.tasks`: each is a task type of its own, named by its path."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from queueapp.contrib.django_tasks.interface import AnyTask, InvalidTask
from queueapp.handlers import HandlerFunction, find_handler, handler
from queueapp.type_patterns import is_task_type

_tasks: dict[str, AnyTask] = {}


class Arguments(BaseModel):
    """The parameters of such a task: what its function is called with."""

    model_config = ConfigDict(extra="forbid")

    args: list[Any]
    kwargs: dict[str, Any]
    run_after: datetime | None = None  # as it was asked for: the row's own moment moves with each retry


def type_of(task: AnyTask) -> str:
    return str(task.module_path)


def register(task: AnyTask, call: HandlerFunction) -> None:
    """Let workers know the function, once. Raises InvalidTask where its path can be no task type, or is one already."""
    type = type_of(task)
    if type in _tasks:
        return
    if not is_task_type(type):
        raise InvalidTask(
            f"The path of a task's function names its type, so {type!r} must consist of ASCII letters, digits, _ and -,"
            " and have at most 200 characters."
        )
    if find_handler(type) is not None:
        raise InvalidTask(f"{type!r} is a task type with a handler of its own.")
    # internal: clients of the API must not call any function with any arguments
    handler(type, params=Arguments, queue=task.queue_name, internal=True)(call)
    _tasks[type] = task


def registered_task(type: str) -> AnyTask | None:
    """The task whose function has this path; None where no module that was imported here has one."""
    return _tasks.get(type)
