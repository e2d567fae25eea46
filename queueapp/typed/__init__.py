"""A task as a plain typed function: `@task` reads its parameters, its result and its name from the function itself.

It registers what `@handler` registers (`queueapp.handlers`); type checkers check each submission as they check a call.
Importable before the apps are ready, so nothing here imports a model.
"""

from queueapp.typed.decorator import task
from queueapp.typed.function import (
    AsyncTaskFunction,
    DedupOptions,
    SubmitOptions,
    TaskFunction,
    TypedRequest,
    task_functions,
)

__all__ = [
    "AsyncTaskFunction",
    "DedupOptions",
    "SubmitOptions",
    "TaskFunction",
    "TypedRequest",
    "task",
    "task_functions",
]
