"""The decorator: as `queueapp.task`, with `bind`, and what it makes has `delay` and `apply_async`."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, TypeVar, Unpack, overload

from django.core.exceptions import ImproperlyConfigured

from queueapp import typed
from queueapp.contrib.celery.functions import BridgedTask
from queueapp.contrib.celery.running import BoundTask
from queueapp.handler_options import HandlerOptions
from queueapp.worker.context import TaskContext

P = ParamSpec("P")
R = TypeVar("R")


class Decorator(Protocol):
    def __call__(self, function: Callable[P, R], /) -> BridgedTask[P, P, R]: ...


class BindingDecorator(Protocol):
    def __call__(self, function: Callable[Concatenate[Any, P], R], /) -> BridgedTask[P, P, R]: ...


@overload
def task(type: str, /, *, bind: Literal[True], **options: Unpack[HandlerOptions]) -> BindingDecorator: ...
@overload
def task(type: str, /, *, bind: Literal[False] = False, **options: Unpack[HandlerOptions]) -> Decorator: ...
def task(type: str, /, *, bind: bool = False, **options: Unpack[HandlerOptions]) -> Any:
    """Register a function for a task type; the options are those of `queueapp.task`.

    With `bind` the function's first parameter is the task itself (BoundTask), with `retry()` and `request`.
    Raises ImproperlyConfigured as `queueapp.task` does.
    """

    def add(function: Callable[..., Any]) -> BridgedTask[..., ..., Any]:
        made = typed.task(type, **options)(_with_context(type, function) if bind else function)
        return BridgedTask(made, function if bind else None)

    return add


def _with_context(type: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the context in the place of the task that it is bound to."""
    if inspect.iscoroutinefunction(function):
        raise ImproperlyConfigured(f"The function of task {type!r} is bound and `async def`: use queueapp.task for it.")
    signature = inspect.signature(function)
    first, *others = signature.parameters.values() or [None]
    if first is None or first.kind not in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD):
        raise ImproperlyConfigured(f"The function of task {type!r} is bound, and has no parameter for the task itself.")

    @wraps(function)
    def run(context: TaskContext, /, *args: Any, **kwargs: Any) -> Any:
        return function(BoundTask(type, context), *args, **kwargs)

    run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[first.replace(annotation=TaskContext), *others]
    )
    return run
