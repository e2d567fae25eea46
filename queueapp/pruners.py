"""Pruners: code that deletes what has been kept for long enough, a batch a call. Maintenance calls them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured

BATCH = 1_000


class Pruned(NamedTuple):
    """What one batch came to: how many rows it deleted, and whether the next may find more."""

    rows: int
    more: bool


@dataclass(frozen=True, slots=True)
class Pruner:
    """`every_seconds`: how long it rests once there is no more."""

    name: str
    function: Callable[[], Pruned]
    every_seconds: float


_pruners: dict[str, Pruner] = {}


def pruner(name: str, *, every_seconds: float = 60.0) -> Callable[[Callable[[], Pruned]], Callable[[], Pruned]]:
    """Register a function that deletes one batch in the transaction, of a system scope, that it is called in.

    Raises ImproperlyConfigured when the name is taken.
    """

    def register(function: Callable[[], Pruned]) -> Callable[[], Pruned]:
        if name in _pruners:
            raise ImproperlyConfigured(f"Pruner {name!r} is registered twice.")
        _pruners[name] = Pruner(name, function, every_seconds)
        return function

    return register


def registered_pruners() -> list[Pruner]:
    """All pruners, in the order they were registered in."""
    return list(_pruners.values())
