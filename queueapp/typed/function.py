"""A task function: called it is the plain function, and it submits what it is called with."""

from collections.abc import Callable, Coroutine, Iterable
from copy import copy
from datetime import datetime
from functools import update_wrapper
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, Required, TypedDict, TypeVar, Unpack
from uuid import UUID

from asgiref.sync import async_to_sync, sync_to_async
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from queueapp.errors import FieldError, InvalidTask, PermanentFailure
from queueapp.handlers import registered_handlers
from queueapp.redaction import masked_text, secret_values
from queueapp.typed.performer import performer_of
from queueapp.typed.signature import TaskSignature
from queueapp.validation import field_errors
from queueapp.worker.context import TaskContext

if TYPE_CHECKING:
    from queueapp.models import Task

P = ParamSpec("P")  # what a submission gives
CallP = ParamSpec("CallP")  # what a call gives: the same, after the context where the function takes it
R = TypeVar("R", covariant=True)


class DedupOptions(TypedDict, total=False):
    key: Required[str]
    ttl_seconds: float
    on_conflict: Literal["return", "reject", "replace"]


class SubmitOptions(TypedDict, total=False):
    """What `queueapp.submit` takes beside type and parameters."""

    tenant: str | UUID | None
    queue: str | None
    priority: int
    run_at: datetime | None
    delay_seconds: float | None
    expires_at: datetime | None
    expires_seconds: float | None
    timeout_seconds: int | None
    max_retries: int | None
    requirements: dict[str, str | int | float | bool]
    labels: list[str]
    dedup: DedupOptions | None


class TypedRequest(dict[str, Any], Generic[P]):
    """One submission that is not made yet: an item for `submit_many`, the function's own or that of queueapp."""


class ResultRefused(PermanentFailure):
    """The function returned what its own annotation forbids. Its work is done, so it is not tried again."""

    code = "result_invalid"


class TaskFunction(Generic[P, CallP, R]):
    """What `@task` makes of a function."""

    def __init__(self, type: str, function: Callable[CallP, R], signature: TaskSignature) -> None:
        self.type = type
        self._function = function
        self._signature = signature
        self._options: SubmitOptions = {}
        update_wrapper(self, function)

    def __call__(self, *args: CallP.args, **kwargs: CallP.kwargs) -> R:
        return self._function(*args, **kwargs)

    @property
    def path(self) -> str:
        """The dotted path of the function that it was made of."""
        return f"{self._function.__module__}.{self._function.__qualname__}"

    def __repr__(self) -> str:
        return f"<task {self.type}>"

    def using(self, **options: Unpack[SubmitOptions]) -> "TaskFunction[P, CallP, R]":
        """The same, submitted with these options."""
        chosen = copy(self)
        chosen._options = {**self._options, **options}
        return chosen

    def submit(self, *args: P.args, **kwargs: P.kwargs) -> "Task":
        """Submit one task and return it, as `queueapp.submit` does; the arguments are those of a call.

        Raises TypeError for arguments that do not fit the function; InvalidTask for values that do not fit their types.
        """
        task: Task = _verbs().submit(self.type, self._params(*args, **kwargs), **{"tenant": None, **self._options})
        return task

    async def asubmit(self, *args: P.args, **kwargs: P.kwargs) -> "Task":
        """As submit, from async code: in the thread, and so in the transaction, of Django's own async queries."""
        return await sync_to_async(self.submit)(*args, **kwargs)

    def request(self, *args: P.args, **kwargs: P.kwargs) -> TypedRequest[P]:
        """One submission with the options of `using`, checked but not made. Raises as submit."""
        if "tenant" in self._options:
            raise TypeError("A request names no tenant: write using(tenant=…).submit_many(requests).")
        return TypedRequest(type=self.type, params=self._params(*args, **kwargs), **self._options)

    def submit_many(self, requests: Iterable[TypedRequest[P]]) -> list[UUID]:
        """Submit tasks, all or none, and return their ids in the order of the requests.

        The options of `using` are for those that have none of that name. Raises InvalidTask, DuplicateTask.
        """
        options: dict[str, Any] = {**self._options}
        tenant = options.pop("tenant", None)
        ids: list[UUID] = _verbs().submit_many([{**options, **each} for each in requests], tenant=tenant)
        return ids

    def perform(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call it as a worker would, in a test: the checks of a submit, a context, the check of what it returns.

        No task is stored. What it logs, reports and attaches is in the last of the test kit's `performed`.
        Raises RuntimeError outside of a test that uses the kit; TypeError and InvalidTask as submit, or what the
        function raises.
        """
        returned: list[R] = []

        def run(context: TaskContext, params: BaseModel) -> Any:
            returned.append(self._checked(self._call_now(context, params)))
            return self._plain(returned[0])

        performer_of(self.type).perform_function(self.type, self._params(*args, **kwargs), self._options, run)
        return returned[0]

    def run(self, context: TaskContext, params: BaseModel) -> Any:
        """What a worker calls: the function with its parameters; returns its result as JSON."""
        return self._plain(self._checked(self._call(context, params)))

    def _call(self, context: TaskContext, params: BaseModel) -> Any:
        arguments = {name: getattr(params, name) for name in self._signature.call.parameters}
        positional = (context,) if self._signature.takes_context else ()
        return self._function(*positional, **arguments)

    def _call_now(self, context: TaskContext, params: BaseModel) -> Any:
        return self._call(context, params)

    def _checked(self, result: Any) -> Any:
        """As its annotation says."""
        adapter = self._signature.result
        if adapter is None:
            return result
        try:
            return adapter.validate_python(result)
        except ValidationError as error:
            faults = field_errors(error, "result.")
            raise ResultRefused("; ".join(f"{fault.field}: {fault.message}" for fault in faults)) from None

    def _plain(self, result: Any) -> Any:
        """As JSON."""
        adapter = self._signature.result
        if adapter is None:
            return result
        try:
            return adapter.dump_python(result, mode="json")
        except PydanticSerializationError as error:
            raise ResultRefused(f"result: {error}") from None

    def _params(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """As JSON."""
        arguments = self._signature.call.bind(*args, **kwargs).arguments
        try:
            return self._signature.params.model_validate(arguments).model_dump(mode="json")
        except ValidationError as error:
            known = secret_values(arguments)
            raise InvalidTask(
                [
                    FieldError(fault.field, fault.code, masked_text(fault.message, known))
                    for fault in field_errors(error, "params.")
                ]
            ) from None
        except ValueError as error:  # of what JSON cannot carry
            message = masked_text(str(error), secret_values(arguments))
            raise InvalidTask([FieldError("params", "not_storable", message)]) from None


class AsyncTaskFunction(TaskFunction[P, CallP, R]):
    """What `@task` makes of an `async def` function: a call of it is to be awaited, and R is what that gives."""

    if TYPE_CHECKING:

        def __call__(self, *args: CallP.args, **kwargs: CallP.kwargs) -> Coroutine[Any, Any, R]: ...  # type: ignore[override]

        def using(self, **options: Unpack[SubmitOptions]) -> "AsyncTaskFunction[P, CallP, R]": ...

    async def run(self, context: TaskContext, params: BaseModel) -> Any:
        """As that of a plain function, for the event loop."""
        return self._plain(self._checked(await self._call(context, params)))

    @async_to_sync
    async def _call_now(self, context: TaskContext, params: BaseModel) -> Any:
        return await self._call(context, params)


def task_functions() -> dict[str, TaskFunction[..., ..., Any]]:
    """Those that are registered, by the path of the function that each was made of."""
    made = (getattr(handler.function, "__self__", None) for handler in registered_handlers())
    return {each.path: each for each in made if isinstance(each, TaskFunction)}


def _verbs() -> Any:
    return import_module("queueapp.tasks.front_door")  # it needs the models
