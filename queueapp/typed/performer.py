"""Who performs task functions: the test kit, while a test uses it. Elsewhere nobody does."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from queueapp.handlers import HandlerFunction


class Performer(Protocol):
    def perform_function(
        self, type: str, params: dict[str, Any], options: Mapping[str, Any], function: HandlerFunction
    ) -> None:
        """Check as a submit would, then call the function as a worker calls the type's handler."""


_performer: ContextVar[Performer | None] = ContextVar("performer", default=None)


@contextmanager
def performing_by(performer: Performer) -> Iterator[None]:
    """Let task functions be performed inside the block."""
    token = _performer.set(performer)
    try:
        yield
    finally:
        _performer.reset(token)


def performer_of(type: str) -> Performer:
    """Raises RuntimeError where no test is under way that uses the kit."""
    performer = _performer.get()
    if performer is None:
        raise RuntimeError(
            f"perform() of task {type!r} is for tests that use the test kit: a test case with TaskrunnerMixin, or"
            " pytest with the plugin queueapp.testing.plugin. Elsewhere call the function itself, or submit it."
        )
    return performer
