"""Faults: what may happen to a worker in the middle of an attempt, planted into the worker of a drain."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

from django.db import OperationalError, connections

from queueapp.db import driver
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.deaths import end_leases
from queueapp.tenancy import system_scope
from queueapp.tenancy.scopes import outside_scopes

# The stretches of an attempt that a fault may lie in; `rest`: its task is settled, and the worker goes on.
Stretch = Literal["handler", "settle", "rest"]
Point = Literal["before_handler", "before_settle", "after_settle"]
POINTS: dict[Point, Stretch] = {"before_handler": "handler", "before_settle": "settle", "after_settle": "rest"}
# What undoes: it would reach a server that is away as little, but this one has the test's transaction to keep.
UNDOES = re.compile(r"\s*(ROLLBACK TO|RELEASE)\b", re.IGNORECASE)


def stretch_at(point: Point) -> Stretch:
    """The stretch that begins at a point. Raises ValueError for another word."""
    if point not in POINTS:
        raise ValueError(f"A worker is killed at one of {', '.join(POINTS)}, not {point!r}.")
    return POINTS[point]


class WorkerKilled(BaseException):
    """The worker's process ends here, as by SIGKILL: nothing of it goes on."""


@dataclass
class Fault:
    """Strikes the first attempt, of a type or of any, that comes to its stretch: it lies around that."""

    stretch: Stretch
    around: Callable[[Attempt], AbstractContextManager[None]]
    type: str | None = None
    again: Callable[[Attempt], None] | None = None  # after the attempt: a rollback of its own undid what another did
    struck: Attempt | None = None

    def strikes(self, stretch: Stretch, attempt: Attempt) -> bool:
        return self.stretch == stretch and self.struck is None and self.type in (None, attempt.task.type)


class Faults:
    """Those that wait for an attempt, of one test."""

    def __init__(self) -> None:
        self._planted: list[Fault] = []

    @contextmanager
    def planted(self, fault: Fault) -> Iterator[None]:
        """Let it strike within the block. Raises AssertionError where it did not, since the test showed nothing."""
        if fault.stretch not in get_args(Stretch):
            raise ValueError(f"A fault lies in one of {', '.join(get_args(Stretch)[:2])}, not {fault.stretch!r}.")
        self._planted.append(fault)
        try:
            yield
        finally:
            self._planted.remove(fault)
        if fault.struck is None:
            raise AssertionError(f"No attempt of {fault.type or 'any type'} came to the fault that was planted.")

    @contextmanager
    def around(self, stretch: Stretch, attempt: Attempt) -> Iterator[None]:
        """The stretch of an attempt, with the faults that strike there."""
        with ExitStack() as stack:
            if fault := next((fault for fault in self._planted if fault.strikes(stretch, attempt)), None):
                fault.struck = attempt
                stack.enter_context(fault.around(attempt))
            yield

    def end(self, attempt: Attempt) -> None:
        """The attempt has ended, with its transaction."""
        for fault in self._planted:
            if fault.struck is attempt and fault.again is not None:
                fault.again(attempt)


@contextmanager
def killed(attempt: Attempt) -> Iterator[None]:
    raise WorkerKilled
    yield


@contextmanager
def lease_lost(attempt: Attempt) -> Iterator[None]:
    """Before: the lease has run out, and maintenance has taken it back. No crash is counted, since the worker lives."""
    take_lease_back(attempt)
    yield


def take_lease_back(attempt: Attempt) -> None:
    """Nothing where another attempt holds it, or none."""
    with outside_scopes(), system_scope("maintenance"):
        end_leases([{"id": attempt.task.id, "attempt": attempt.task.attempt}], counting=False)


@contextmanager
def database_is_down() -> Iterator[None]:
    """No statement of this thread reaches PostgreSQL: each raises OperationalError."""
    broken = {database: database.needs_rollback for database in connections.all()}
    for database in broken:
        database.execute_wrappers.insert(0, _refuse)  # the outermost: nothing of ours is done for a statement
    try:
        yield
    finally:
        for database, was_broken in broken.items():
            database.execute_wrappers.remove(_refuse)
            database.needs_rollback = was_broken  # PostgreSQL saw none of it: the test's transaction is as it was


def _refuse(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    database = context["connection"]
    if UNDOES.match(driver.as_text(sql, database)):
        return execute(sql, params, many, context)
    fault = "the test kit's database_down: could not receive data from server"
    raise OperationalError(fault) from database.Database.OperationalError(fault)
