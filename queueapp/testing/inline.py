"""The parts of a worker that are different where everything happens in one thread and one transaction: a test's."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import ParamSpec, TypeVar
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from queueapp.db.driver import IN_FAILED_TRANSACTION, transaction_status
from queueapp.tasks.attempt import Attempt, AttemptKey
from queueapp.tasks.settle import Outcome, settle
from queueapp.tenancy.scopes import outside_scopes
from queueapp.testing.faults import Faults, WorkerKilled
from queueapp.worker.asynchronous.executor import AsyncExecutor
from queueapp.worker.background_connection import BackgroundConnection
from queueapp.worker.executor import Executor
from queueapp.worker.interrupts import Interrupter
from queueapp.worker.left_transactions import ConnectionCheck, TransactionLeftOpen, atomic_depth

P = ParamSpec("P")
T = TypeVar("T")


class InlineExecutor(Executor):
    """Runs attempts on the test's own connection, with the faults that a test has planted."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(InlineBackground(), NoInterrupts())
        self._faults = faults

    def execute(self, attempt: Attempt) -> Outcome | None:
        """As a worker does, but what the database refuses takes back what the handler wrote before it.

        A worker's handler commits each statement by itself, which a test's transaction cannot.
        """
        enclosed = self._connections = EnclosedConnection()
        with enclosed:
            return super().execute(attempt)

    def settle(self, attempt: Attempt, outcome: Outcome) -> dict[UUID, str]:
        """Store the outcome of an attempt, as its worker does behind it."""
        with self._faults.around("settle", attempt):
            return settle(attempt.worker_id, [outcome])

    def _run(self, attempt: Attempt) -> Outcome | None:
        with self._faults.around("handler", attempt):
            if attempt.handler.is_async:  # what it calls by sync_to_async comes back to this thread
                return async_to_sync(AsyncExecutor(self._background).run)(attempt)
            return super()._run(attempt)

    def _settle(self, attempt: Attempt, outcome: Outcome) -> dict[UUID, str]:
        return self.settle(attempt, outcome)

    def _outcome_of(self, error: BaseException, attempt: Attempt) -> Outcome | None:
        if isinstance(error, WorkerKilled):  # there is nobody left to tell
            raise error
        return super()._outcome_of(error, attempt)


class InlineBackground(BackgroundConnection):
    """Calls at once, on this connection, as if it were another: outside of the scope that is open."""

    def __init__(self) -> None: ...

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with outside_scopes():
            return function(*args, **kwargs)

    def start(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        future: Future[T] = Future()
        future.set_result(self.call(function, *args, **kwargs))
        return future

    def close(self) -> None: ...


class NoInterrupts(Interrupter):
    """Nobody else is here to interrupt."""

    def __init__(self) -> None: ...

    def enter(self, attempt: AttemptKey) -> None: ...

    def leave(self) -> None: ...


class EnclosedConnection(ConnectionCheck):
    """A connection in the test's transaction: what a handler leaves there ends at a savepoint, not by closing it."""

    def __init__(self) -> None: ...

    def __enter__(self) -> None:
        self._block = transaction.atomic() if connection.in_atomic_block else None
        if self._block is not None:
            self._block.__enter__()
        self._depth = atomic_depth()

    def __exit__(self, *_: object) -> None:
        self.close_unclean()
        if self._block is not None:
            self._block.__exit__(None, None, None)

    def require_clean(self) -> None:
        self._raise_unclean()

    def forget_use(self) -> None: ...

    def reset_sessions(self) -> None: ...

    def close_all(self) -> None:
        self.close_unclean()

    def close_unclean(self, keep: BaseDatabaseWrapper | None = None) -> TransactionLeftOpen | None:
        if keep is not None:
            return None
        left_open = atomic_depth() > self._depth
        while atomic_depth() > self._depth:
            connection.atomic_blocks[-1].__exit__(TransactionLeftOpen, None, None)
        if self._block is not None and (connection.needs_rollback or _is_broken()):
            self._block.__exit__(DatabaseError, None, None)
            self._block.__enter__()
        return TransactionLeftOpen(connection.alias, "an atomic() block was not left") if left_open else None


def _is_broken() -> bool:
    return connection.connection is not None and transaction_status(connection.connection) == IN_FAILED_TRANSACTION
