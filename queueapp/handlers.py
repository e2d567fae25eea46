"""Handlers: code registered for a task type, declared once, with a Pydantic model for its parameters."""

import hashlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, Field

from queueapp.errors import FieldError

__all__ = [
    "Handler",
    "Reusable",
    "find_handler",
    "get_handler",
    "handler",
    "registered_handlers",
]

# (context, validated parameters) → a JSON-serialisable result or a Pydantic model
HandlerFunction = Callable[..., Any]
ParamsModel = type[BaseModel]
# (validated parameters, the id of the tenant) → what is wrong with them, by the parameters' own names
Validate = Callable[[Any, UUID], list[FieldError]]
ResultKey = Callable[[Any], str | None]


class Reusable(BaseModel):
    """Base of the parameters of types that may answer with an earlier result."""

    force: bool = Field(False, description="Do the work again, even where an earlier result could be used.")


@dataclass(frozen=True, slots=True)
class Handler:
    """A task type and how its tasks run. Times in seconds; retries count tries after the first."""

    type: str
    function: HandlerFunction
    params: ParamsModel
    validate: Validate | None
    queue: str
    timeout_seconds: int
    soft_timeout_seconds: float | None
    max_timeout_seconds: int | None
    max_retries: int
    retry_base_seconds: float
    prefetch: bool
    transactional: bool
    result_key: ResultKey | None
    result_ttl_seconds: float | None

    @property
    def keeps_runs(self) -> bool:
        return self.result_key is not None or self.result_ttl_seconds is not None

    def key_of(self, params: BaseModel) -> str | None:
        """The key of the runs of tasks with these parameters; None where no run is kept."""
        if self.result_key is not None:
            return self.result_key(params)
        plain = params.model_dump(mode="json", exclude={"force"})
        normalised = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return f"{self.type}:{hashlib.sha256(normalised.encode()).hexdigest()}"


_handlers: dict[str, Handler] = {}


def handler(
    type: str,
    *,
    params: ParamsModel,
    validate: Validate | None = None,
    queue: str = "default",
    timeout_seconds: int = 300,
    soft_timeout_seconds: float | None = None,
    max_timeout_seconds: int | None = None,
    max_retries: int = 0,
    retry_base_seconds: float = 1.0,
    prefetch: bool = True,
    transactional: bool = False,
    result_key: ResultKey | None = None,
    result_ttl_seconds: float | None = None,
) -> Callable[[HandlerFunction], HandlerFunction]:
    """Register a function for a task type.

    The function takes a TaskContext and an instance of `params`, and returns a result, or raises RetryLater or
    PermanentFailure; any other exception is retried with exponential backoff. `validate` refuses at submit what no
    model can know, such as what the tenant may not ask for; its first error's code is that of the refusal.
    After `timeout_seconds` the function is interrupted; after `soft_timeout_seconds`, if given, it gets SoftTimeout
    first, once, so that it may clean up.
    With `prefetch=False` its tasks are claimed and settled one at a time. With `transactional=True` it runs inside one
    transaction in its tenant's scope, which commits its own writes and the task's completion together.

    With `result_ttl_seconds` or `result_key` each attempt leaves a run. Its key is made from the type and the
    parameters, or by `result_key` from the parameters (None: no run for these). A task whose key was completed less
    than `result_ttl_seconds` ago is answered with that result, unless its parameters (Reusable) say `force`; 0 keeps
    runs and reuses nothing.
    Raises ImproperlyConfigured when the type has a handler already, the function is `async def`, or
    `soft_timeout_seconds` does not lie before `timeout_seconds`.
    """

    def register(function: HandlerFunction) -> HandlerFunction:
        if type in _handlers:
            raise ImproperlyConfigured(f"Task type {type!r} is registered twice.")
        if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
            raise ImproperlyConfigured(
                f"The handler of {type!r} is an `async def` function, and handlers must be plain functions:"
                " nothing would await it. Call asyncio.run(...) inside a plain function instead."
            )
        if soft_timeout_seconds is not None and not 0 < soft_timeout_seconds < timeout_seconds:
            raise ImproperlyConfigured(
                f"The handler of {type!r} has soft_timeout_seconds={soft_timeout_seconds:g}, which must be more than 0"
                f" and less than its timeout_seconds={timeout_seconds}."
            )
        _handlers[type] = Handler(
            type=type,
            function=function,
            params=params,
            validate=validate,
            queue=queue,
            timeout_seconds=timeout_seconds,
            soft_timeout_seconds=soft_timeout_seconds,
            max_timeout_seconds=max_timeout_seconds,
            max_retries=max_retries,
            retry_base_seconds=retry_base_seconds,
            prefetch=prefetch and not transactional,
            transactional=transactional,
            result_key=result_key,
            result_ttl_seconds=result_ttl_seconds,
        )
        return function

    return register


def find_handler(type: str) -> Handler | None:
    """The handler of a type, or None where this code has none."""
    return _handlers.get(type)


def get_handler(type: str) -> Handler:
    """As find_handler. Raises LookupError."""
    return _handlers[type]


def registered_handlers() -> list[Handler]:
    """All handlers, by type."""
    return [_handlers[type] for type in sorted(_handlers)]
