"""The decorator `@task`."""

from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, Unpack, overload

from asgiref.sync import iscoroutinefunction

from queueapp.handler_options import HandlerOptions
from queueapp.handlers import Handler, register
from queueapp.typed.discovery import MODULES
from queueapp.typed.function import AsyncTaskFunction, TaskFunction
from queueapp.typed.signature import read_signature
from queueapp.worker.context import TaskContext

P = ParamSpec("P")
R = TypeVar("R")


class Decorator(Protocol):
    """First `async def` functions; of both kinds first those whose first parameter is the context."""

    @overload
    def __call__(
        self, function: Callable[Concatenate[TaskContext, P], Coroutine[Any, Any, R]], /
    ) -> AsyncTaskFunction[P, Concatenate[TaskContext, P], R]: ...
    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncTaskFunction[P, P, R]: ...
    @overload
    def __call__(
        self, function: Callable[Concatenate[TaskContext, P], R], /
    ) -> TaskFunction[P, Concatenate[TaskContext, P], R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> TaskFunction[P, P, R]: ...


@overload
def task(
    function: Callable[Concatenate[TaskContext, P], Coroutine[Any, Any, R]], /
) -> AsyncTaskFunction[P, Concatenate[TaskContext, P], R]: ...
@overload
def task(function: Callable[P, Coroutine[Any, Any, R]], /) -> AsyncTaskFunction[P, P, R]: ...
@overload
def task(function: Callable[Concatenate[TaskContext, P], R], /) -> TaskFunction[P, Concatenate[TaskContext, P], R]: ...
@overload
def task(function: Callable[P, R], /) -> TaskFunction[P, P, R]: ...
@overload
def task(type: str | None = None, /, **options: Unpack[HandlerOptions]) -> Decorator: ...
def task(type_or_function: Any = None, /, **options: Unpack[HandlerOptions]) -> Any:
    """Register a plain function for a task type, with its own parameters as those of the task.

        @task(max_retries=3)
        def charge(order_id: int, card: str) -> Receipt: ...

        charge.submit(order_id=1, card="…")

    The type is named as given, or by `type_of`. A first parameter that is annotated TaskContext gets the context. The
    options are those of `handler()`. What the function returns is checked against its annotation, and kept as JSON.
    Raises ImproperlyConfigured as `handler()` does, and for a signature that cannot be a task's.
    """

    def add(function: Callable[..., Any]) -> TaskFunction[..., ..., Any]:
        type = type_or_function if isinstance(type_or_function, str) else type_of(function)
        signature = read_signature(type, function)
        kind = AsyncTaskFunction if iscoroutinefunction(function) else TaskFunction
        made: TaskFunction[..., ..., Any] = kind(type, function, signature)
        register(Handler(type=type, function=made.run, params=signature.params, result=signature.result, **options))
        return made

    return add(type_or_function) if callable(type_or_function) else add


def type_of(function: Callable[..., Any]) -> str:
    """`orders.charge` for the function `charge` in orders/tasks.py or orders/handlers.py; elsewhere the whole path."""
    package, _, module = function.__module__.rpartition(".")
    path = package if package and module in MODULES else function.__module__
    return f"{path}.{function.__qualname__}"
