"""After each handler its database connections are clean or closed: the platform works on with the same ones."""

import gc
import threading
from contextlib import suppress
from typing import Any, ClassVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from queueapp.db.driver import IDLE, IN_TRANSACTION, in_transaction, transaction_status
from queueapp.tenancy.reset import reset_session
from queueapp.worker import left_sessions


class TransactionFault(Exception):
    """What a handler did to a transaction. Tried again like any error, under a code of its own."""

    code: ClassVar[str]


class TransactionLeftOpen(TransactionFault):
    """The handler returned, and its transaction was neither committed nor rolled back."""

    code = "transaction_left_open"

    def __init__(self, alias: str, what: str) -> None:
        super().__init__(
            f"The handler left a transaction open on the database connection {alias!r}: {what}. What it wrote there is"
            " rolled back. Leave every atomic() block, also of generators, and end what set_autocommit(False) or BEGIN"
            " began."
        )


class TransactionSpoiled(TransactionFault):
    """A transactional handler ended or broke the transaction that its completion was to commit in."""

    code = "transaction_spoiled"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"The handler is transactional, and {what}, so its writes and its completion cannot commit together. Leave"
            " the transaction to the platform, and let database errors and failures come out as exceptions."
        )


class ConnectionCheck:
    """Knows the connections of the thread it is made in. Looking at them asks nothing of the server."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._watched: list[BaseDatabaseWrapper] = []
        for database in connections.all(initialized_only=True):
            self._watch(database)
        connection_created.connect(self._on_connect)

    def _on_connect(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if threading.get_ident() == self._thread and connection not in self._watched and _is_djangos_own(connection):
            self._watch(connection)

    def _watch(self, database: BaseDatabaseWrapper) -> None:
        if database.vendor == "postgresql":
            self._watched.append(database)
            left_sessions.watch(database)

    def forget_use(self) -> None:
        """What was sent until now was no handler's."""
        left_sessions.forget_use(self._watched)

    def reset_sessions(self) -> None:
        """What an attempt may have set in sessions is gone. Asks nothing of the server if the attempt asked nothing."""
        for database, renew in left_sessions.take_used(self._watched).items():
            if database.connection is None:
                continue  # it was closed
            with suppress(Exception):
                if not renew and _is_idle(database):
                    reset_session(database)
                    continue
            with suppress(Exception):
                database.connection.close()  # the driver's: or a pool would hand the session out again
            self._drop(database)

    def require_clean(self) -> None:
        """Raises TransactionLeftOpen after closing whatever was left in a transaction."""
        for database in self._watched:
            raw = database.connection
            if database.in_atomic_block or (
                raw is not None and not (database.autocommit and transaction_status(raw) == IDLE)
            ):
                self._raise_unclean()
                return

    def require_same_transaction(self, depth: int) -> None:
        """As require_clean, inside the block of a transactional handler, which was `depth` atomic() blocks deep."""
        database = connections["default"]
        fault = _fault_inside(database, depth)
        if fault is not None:
            database.close()  # in its block: the blocks around do not send what would only fail
            raise fault
        self._raise_unclean(keep=database)

    def close_all(self) -> None:
        """Trust none of them: an interrupt may have struck in the middle of the protocol."""
        for database in list(self._watched):
            self._drop(database)

    def close_unclean(self, keep: BaseDatabaseWrapper | None = None) -> TransactionLeftOpen | None:
        """Close what was left in a transaction or in the middle of a statement; returns the fault, if it is one."""
        fault = None
        for database in [each for each in self._watched if each is not keep]:
            what = _what_is_open(database)
            if what or not _is_idle(database):
                self._drop(database)
            if what and fault is None:
                fault = TransactionLeftOpen(database.alias, what)
        if fault is not None:
            # a generator that holds its atomic() block, collected later, would roll back what the platform then does
            gc.collect()
        return fault

    def _raise_unclean(self, keep: BaseDatabaseWrapper | None = None) -> None:
        if fault := self.close_unclean(keep):
            raise fault

    def _drop(self, database: BaseDatabaseWrapper) -> None:
        """Close it, and have a new object take its place: none of its blocks, savepoints and wrappers is left."""
        with suppress(Exception):
            database.close()
        if database in self._watched:
            self._watched.remove(database)
            left_sessions.forget_use([database])
        if _is_djangos_own(database):
            del connections[database.alias]


def atomic_depth() -> int:
    """How many atomic() blocks the default connection is in."""
    return len(connections["default"].atomic_blocks)


def _is_djangos_own(database: BaseDatabaseWrapper) -> bool:
    """Whether `connections` gives out this one in this thread; copies are their makers' own."""
    return any(each is database for each in connections.all(initialized_only=True))


def _is_idle(database: BaseDatabaseWrapper) -> bool:
    return database.connection is None or transaction_status(database.connection) == IDLE


def _what_is_open(database: BaseDatabaseWrapper) -> str | None:
    """The transaction that is open on a connection, in words."""
    if database.in_atomic_block:
        return "an atomic() block was not left"
    if database.connection is None:
        return None
    if not database.autocommit and database.settings_dict["AUTOCOMMIT"]:
        return "set_autocommit(False) was called"
    if in_transaction(database.connection):
        return "a statement began one"
    return None


def _fault_inside(database: BaseDatabaseWrapper, depth: int) -> TransactionFault | None:
    if len(database.atomic_blocks) > depth:
        return TransactionLeftOpen(database.alias, "an atomic() block was not left")
    if database.needs_rollback or database.closed_in_transaction:
        return TransactionSpoiled("its transaction is to be rolled back (a database error, or set_rollback)")
    if len(database.atomic_blocks) < depth or not database.in_atomic_block or database.connection is None:
        return TransactionSpoiled("its transaction was ended from inside")
    if transaction_status(database.connection) != IN_TRANSACTION:
        return TransactionSpoiled("its transaction was ended by a statement (COMMIT, ROLLBACK), or broken by an error")
    return None
