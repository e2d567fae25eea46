"""Handlers: code registered for a task type, declared once, with a Pydantic model for its parameters."""

import hashlib
import inspect
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Unpack

from asgiref.sync import iscoroutinefunction
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, Field, TypeAdapter

from queueapp.handler_options import HandlerOptions, TypeOptions

logger = logging.getLogger(__name__)

__all__ = [
    "Handler",
    "Reusable",
    "find_handler",
    "get_handler",
    "handler",
    "public_handlers",
    "register",
    "registered_handlers",
]

# (context, validated parameters) → a JSON-serialisable result or a Pydantic model
HandlerFunction = Callable[..., Any]
ParamsModel = type[BaseModel]


class Reusable(BaseModel):
    """Base of the parameters of types that may answer with an earlier result."""

    force: bool = Field(
        False, strict=True, description="Do the work again, even where an earlier result could be used."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler(TypeOptions):
    """A task type, what runs its tasks, and how. Times in seconds; retries count tries after the first."""

    function: HandlerFunction
    params: ParamsModel
    result: TypeAdapter[Any] | None = None  # of what the function returns, where that is known
    # registered after the start, by a module such as that of a view, which workers do not import
    late: bool = field(default_factory=lambda: apps.ready)
    is_async: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_async", iscoroutinefunction(self.function))
        TypeOptions.__post_init__(self)  # not super(), which a class with slots is not any more what it was for

    @property
    def keeps_runs(self) -> bool:
        return self.result_key is not None or self.result_ttl_seconds is not None

    @property
    def only_in_clusters(self) -> bool:
        """Whether workers over HTTP get none of its tasks.

        The completion of a transactional one commits with writes that only its handler can make, and the result of an
        internal one is the platform's own word.
        """
        return self.transactional or self.internal

    def _faults(self) -> Iterator[str]:
        yield from TypeOptions._faults(self)
        if inspect.isasyncgenfunction(self.function):
            yield "is an asynchronous generator: it returns before anything is done, and nothing would iterate over it"
        if self.is_async and self.transactional:
            yield (
                "is an `async def` function, and transactional: its transaction would stay open while it awaits, with"
                " the connection that other attempts wait for. Make it a plain function, or open atomic() inside of"
                " one that it calls by sync_to_async"
            )
        if self.concurrency > 1 and not self.is_async:
            yield f"has concurrency={self.concurrency}, and only `async def` functions run several tasks at a time"

    def key_of(self, params: BaseModel) -> str | None:
        """The key of the runs of tasks with these parameters; None where no run is kept."""
        if self.result_key is not None:
            return self.result_key(params)
        plain = params.model_dump(mode="json", exclude={"force"})
        normalised = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"{self.type}:{hashlib.sha256(normalised.encode()).hexdigest()}"


_handlers: dict[str, Handler] = {}


def handler(
    type: str, *, params: ParamsModel, **options: Unpack[HandlerOptions]
) -> Callable[[HandlerFunction], HandlerFunction]:
    """Register a function for a task type.

    The function takes a TaskContext and an instance of `params`, and returns a result, or raises RetryLater or
    PermanentFailure; any other exception is retried with exponential backoff, unless `give_up_on` or `retry_on` says
    otherwise. `validate` refuses at submit what no model can know, such as what the tenant may not ask for; its first
    error's code is that of the refusal.
    After `timeout_seconds` the function is interrupted; after `soft_timeout_seconds`, if given, it gets SoftTimeout
    first, once, so that it may clean up.
    With `prefetch=False` few of its tasks are claimed together, and each is settled before the next starts. With
    `transactional=True` it runs inside one transaction in its tenant's scope, which commits its own writes and the
    task's completion together.

    With `result_ttl_seconds` or `result_key` each attempt leaves a run. Its key is made from the type and the
    parameters, or by `result_key` from the parameters (None: no run for these). A task whose key was completed less
    than `result_ttl_seconds` ago is answered with that result, unless its parameters (Reusable) say `force`; 0 keeps
    runs and reuses nothing.

    An `internal` type is submitted by the code that owns it (`queueapp.tasks.submit_internal`): to everybody else it is
    an unknown one, and the API does not list it.
    An `async def` function runs on the event loop of its worker, up to `concurrency` of its tasks at a time.
    Raises ImproperlyConfigured when the type has a handler already, or an option cannot be as it is.
    """

    def add(function: HandlerFunction) -> HandlerFunction:
        register(Handler(type=type, function=function, params=params, **options))
        return function

    return add


def register(handler: Handler) -> None:
    """Raises ImproperlyConfigured when its type has one already."""
    if handler.type in _handlers:
        raise ImproperlyConfigured(f"Task type {handler.type!r} is registered twice.")
    _handlers[handler.type] = handler
    if handler.late:
        logger.warning(
            "task type %s is in a module that is not imported at the start: workers may not know it",
            handler.type,
            extra={"event": "late_task_type"},
        )


def find_handler(type: str) -> Handler | None:
    """The handler of a type, or None where this code has none."""
    return _handlers.get(type)


def get_handler(type: str) -> Handler:
    """As find_handler. Raises LookupError."""
    return _handlers[type]


def registered_handlers() -> list[Handler]:
    """All handlers, by type."""
    return [_handlers[type] for type in sorted(_handlers)]


def public_handlers() -> list[Handler]:
    """The handlers of types that anybody may submit, by type."""
    return [handler for handler in registered_handlers() if not handler.internal]
