"""A queued task of django-q2, a signed pickle: its signature is checked first, and it can make plain values only."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core import signing

MAX_CHARACTERS = 2**20
# what arguments are made of; the rest of Python stays out of reach
PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("collections", "OrderedDict"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("datetime", "time"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
    ("decimal", "Decimal"),
    ("uuid", "UUID"),
    ("zoneinfo", "ZoneInfo._unpickle"),
}
# of the package, where each changes what running the task means
UNKNOWN_HERE = ("hook", "chain", "iter_count", "iter_cached")


class Unreadable(Exception):
    """What is queued is none of this project's packages, or holds more than plain values."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A function or a class that a pickle names: its path, and not the thing itself."""

    path: str


@dataclass(frozen=True, slots=True)
class Package:
    """`function` is a dotted path; `options` are what async_task was given beside the arguments."""

    id: str
    function: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)


def read(text: str, prefix: str) -> Package:
    """`prefix` is the name in Q_CLUSTER. Raises Unreadable."""
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"it has {len(text):,} characters, and may have {MAX_CHARACTERS:,}")
    try:
        values = signing.loads(
            text,
            key=settings.SECRET_KEY,
            salt=prefix,
            serializer=_PlainPickle,  # type: ignore[arg-type]  # it writes nothing
            fallback_keys=[],
        )
    except signing.BadSignature as error:
        raise Unreadable(f"its signature is not that of this SECRET_KEY and Q_CLUSTER name ({prefix!r})") from error
    if not isinstance(values, dict):
        raise Unreadable("it is no task of django-q2")
    return _package(values)


def _package(values: dict[str, Any]) -> Package:
    function = values.get("func")
    path = function.path if isinstance(function, Reference) else function
    args, kwargs = values.get("args") or (), values.get("kwargs") or {}
    if not (isinstance(path, str) and isinstance(values.get("id"), str) and isinstance(kwargs, dict)):
        raise Unreadable("it is no task of django-q2")
    if named := _references([*args, kwargs]):
        raise Unreadable(f"its arguments hold {named[0]}, and only plain values are moved")
    known = {"id", "name", "func", "args", "kwargs", "started"}
    return Package(values["id"], path, tuple(args), kwargs, {k: v for k, v in values.items() if k not in known})


def _references(value: Any) -> list[str]:
    if isinstance(value, Reference):
        return [value.path]
    parts = [*value, *value.values()] if isinstance(value, Mapping) else value
    if not isinstance(parts, list | tuple | set | frozenset):
        return []
    return [path for part in parts for path in _references(part)]


class _PlainPickle:
    """As a serializer of django.core.signing."""

    def loads(self, data: bytes) -> Any:
        try:
            return _Unpickler(BytesIO(data)).load()
        except Unreadable:
            raise
        except Exception as error:  # a pickle that is wrong can make any of them
            raise Unreadable(f"its arguments are more than plain values: {error}") from error


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name) if (module, name) in PLAIN else Reference(f"{module}.{name}")
