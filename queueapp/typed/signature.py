"""What a function's signature says about a task: its parameters as a Pydantic model, and the type of its result."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, get_type_hints

from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError

from queueapp.worker.context import TaskContext

# an unknown parameter is refused as in a call, and a default that its own type refuses would never run
CONFIG = ConfigDict(
    extra="forbid", validate_default=True, protected_namespaces=(), validate_by_name=True, validate_by_alias=True
)
UNUSABLE = (PydanticUserError, PydanticUndefinedAnnotation, TypeError)
NO_SINGLE_VALUE = {
    inspect.Parameter.POSITIONAL_ONLY: "positional-only, and the parameters of a task are stored by their names",
    inspect.Parameter.VAR_POSITIONAL: "a `*` parameter, and the parameters of a task are stored by their names",
    inspect.Parameter.VAR_KEYWORD: "a `**` parameter, which no one could check: name each",
}


@dataclass(frozen=True, slots=True)
class TaskSignature:
    """`call` is the signature without the context: what a submission gives."""

    takes_context: bool
    call: inspect.Signature
    params: type[BaseModel]
    result: TypeAdapter[Any] | None


def read_signature(type: str, function: Callable[..., Any]) -> TaskSignature:
    """Raises ImproperlyConfigured, naming the parameter, for what no task can have."""
    signature = inspect.signature(function)
    reader = _Reader(type, function)
    parameters = list(signature.parameters.values())
    takes_context = bool(parameters) and reader.is_context(parameters[0])
    if takes_context:
        del parameters[0]
    return TaskSignature(
        takes_context=takes_context,
        call=signature.replace(parameters=parameters),
        params=reader.model_of(parameters),
        result=reader.result_of(signature.return_annotation),
    )


class _Reader:
    def __init__(self, type: str, function: Callable[..., Any]) -> None:
        self._type = type
        self._function = function
        self._names = getattr(inspect.unwrap(function), "__globals__", {})

    def is_context(self, first: inspect.Parameter) -> bool:
        by_position = first.kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return by_position and self._hint(first.name, first.annotation) is TaskContext

    def model_of(self, parameters: Iterable[inspect.Parameter]) -> type[BaseModel]:
        fields = {each.name: self._field(each) for each in parameters}
        name = "".join(word.title() for word in self._function.__name__.split("_")) + "Params"
        try:
            return _model(name, self._function.__module__, fields)
        except UNUSABLE:
            for each, field in fields.items():
                try:
                    _model(name, self._function.__module__, {each: field})
                except UNUSABLE as error:
                    raise self._refused(each, f"is of a type that Pydantic cannot use: {_first_line(error)}") from error
            raise

    def result_of(self, annotation: Any) -> TypeAdapter[Any] | None:
        if annotation is inspect.Signature.empty:
            return None
        try:
            adapter = TypeAdapter(self._hint("return", annotation))
            adapter.json_schema(mode="serialization")  # which the API shows
        except UNUSABLE as error:
            raise ImproperlyConfigured(
                f"The result of task {self._type!r} is of a type that Pydantic cannot use: {_first_line(error)}"
            ) from error
        return adapter

    def _field(self, parameter: inspect.Parameter) -> tuple[Any, Any]:
        name = parameter.name
        if parameter.kind in NO_SINGLE_VALUE:
            raise self._refused(name, f"is {NO_SINGLE_VALUE[parameter.kind]}")
        if parameter.annotation is inspect.Parameter.empty:
            raise self._refused(name, "has no type")
        if name.startswith("_") or hasattr(BaseModel, name):
            raise self._refused(name, "has a name that Pydantic keeps for itself")
        hint = self._hint(name, parameter.annotation)
        if hint is TaskContext:
            raise self._refused(name, "is the context, which comes first")
        return hint, ... if parameter.default is inspect.Parameter.empty else parameter.default

    def _hint(self, name: str, annotation: Any) -> Any:
        """The annotation with the names in it resolved, as they are where the function was written."""
        one = SimpleNamespace(__annotations__={name: annotation})
        try:
            return get_type_hints(one, globalns=self._names, include_extras=True)[name]
        except NameError as error:
            raise self._refused(
                name, f"is annotated with {error.name!r}, which its module does not have when it is imported"
            ) from error

    def _refused(self, name: str, fault: str) -> ImproperlyConfigured:
        subject = "The result" if name == "return" else f"The parameter {name!r}"
        return ImproperlyConfigured(f"{subject} of task {self._type!r} {fault}.")


def _model(name: str, module: str, fields: dict[str, tuple[Any, Any]]) -> type[BaseModel]:
    made: type[BaseModel] = create_model(name, __config__=CONFIG, __module__=module, **fields)  # type: ignore[call-overload]
    made.model_json_schema()  # which the API shows
    return made


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
