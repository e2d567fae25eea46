"""An endpoint is declared once, on the method of its view; addresses, rights, input and description follow from it.

    @resource("tasks/<uuid:task_id>", tag="Tasks")
    class TaskDetail(ApiView):
        @endpoint("Change a task's priority", right=Right.TASKS_MANAGE, responses={200: SHOWN}, errors=(409, 412))
        def patch(self, request: Request, task_id: UUID, body: PriorityRequest) -> Response: ...

`body` and `query` are passed to a method that has parameters of these names, checked against the annotated model.
"""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from pkgutil import walk_packages
from typing import Any, TypeVar

from django.urls import URLPattern, path, register_converter
from django.urls.converters import UUIDConverter
from rest_framework.views import APIView

from queueapp.rest.toolkit.permissions import Right
from queueapp.validation import RequestModel


class AnyCaseUuid(UUIDConverter):
    """A UUID is the same in capitals (RFC 9562), which Django's own converter does not take."""

    name = "taskrunner_uuid"
    regex = UUIDConverter.regex.replace("a-f", "a-fA-F")


register_converter(AnyCaseUuid, AnyCaseUuid.name)

PARAMETER = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")
SomeView = TypeVar("SomeView", bound=type[APIView])


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """A response of success: when it comes, the model of its body, and the header fields that may come along.

    A body without a model has a `media_type`.
    """

    description: str
    model: Any = None
    headers: tuple[str, ...] = ()
    media_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What one method of one address takes and returns."""

    summary: str
    right: Right | None  # None: needs no key
    responses: Mapping[int, ResponseSpec]
    details: str = ""
    body: Any = None
    query: type[RequestModel] | None = None
    headers: tuple[str, ...] = ()  # request header fields, by their names in openapi/components.py
    errors: tuple[int, ...] = ()  # beyond those that every request may meet
    example: Any = None  # a body that is accepted
    passes: frozenset[str] = frozenset()  # which of `body` and `query` the method takes


@dataclass(frozen=True, slots=True)
class Resource:
    """An address and the view that serves it. `parameters` describes those parts that their converters do not."""

    route: str
    tag: str
    view: type[APIView]
    name: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The address as OpenAPI writes it."""
        return "/" + PARAMETER.sub(r"{\g<name>}", self.route)

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        """Its endpoints by method."""
        return endpoints_of(self.view)

    def specificity(self) -> list[tuple[int, str]]:
        """Sorts literal parts before ids and ids before words, so that the order of declaration decides nothing."""
        ranks = {"uuid": 1}
        parts = [(PARAMETER.fullmatch(part), part) for part in self.route.split("/")]
        return [(ranks.get(found["converter"], 2) if found else 0, part) for found, part in parts]


RESOURCES: dict[str, Resource] = {}  # by route


def endpoint(
    summary: str,
    *,
    right: Right | None,
    responses: Mapping[int, ResponseSpec],
    body: Any = None,
    query: type[RequestModel] | None = None,
    **described: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declares an endpoint. `body` and `query` are given here only where the method reads them in a way of its own."""

    def declare(method: Callable[..., Any]) -> Callable[..., Any]:
        given = inspect.get_annotations(method, eval_str=True)
        passes = frozenset({"body", "query"} & given.keys())
        models = {"body": given.get("body", body), "query": given.get("query", query)}
        declared = Endpoint(summary=summary, right=right, responses=responses, passes=passes, **models, **described)

        @wraps(method)
        def handle(view: Any, request: Any, **parameters: Any) -> Any:
            return method(view, request, **parameters, **view.read_input(declared))

        handle.endpoint = declared  # type: ignore[attr-defined]
        return handle

    return declare


def resource(
    route: str, *, tag: str, name: str | None = None, parameters: Mapping[str, Any] | None = None
) -> Callable[[SomeView], SomeView]:
    """Serves the view at the route, below wherever the API is mounted. Raises ValueError for one that is taken."""

    def register(view: SomeView) -> SomeView:
        if route in RESOURCES:
            raise ValueError(f"{route} is declared twice")
        RESOURCES[route] = declared = Resource(route, tag, view, name, parameters or {})
        view.route, view.described_path = route, declared.path  # type: ignore[attr-defined]
        return view

    return register


def endpoints_of(view: type[APIView]) -> dict[str, Endpoint]:
    """The endpoints that a view's methods declare, by method."""
    declared = ((name.upper(), getattr(getattr(view, name, None), "endpoint", None)) for name in view.http_method_names)
    return {name: each for name, each in declared if each is not None}


def urlpatterns_of(package: str) -> list[URLPattern]:
    """The addresses that the modules of a package declare. It imports all of them, so that none has to be listed."""
    for module in walk_packages(getattr(import_module(package), "__path__", ()), f"{package}."):
        import_module(module.name)
    found = sorted(_declared_in(package), key=Resource.specificity)
    return [path(_as_django_has_it(each.route), each.view.as_view(), name=each.name) for each in found]


def _as_django_has_it(route: str) -> str:
    return route.replace("<uuid:", f"<{AnyCaseUuid.name}:")


def _declared_in(package: str) -> Iterator[Resource]:
    for each in RESOURCES.values():
        if f"{each.view.__module__}.".startswith(f"{package}."):
            yield each
