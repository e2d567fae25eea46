"""What differs between psycopg2 and psycopg 3, whichever of them Django uses."""

import select
from typing import Any

from django.db import InterfaceError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.psycopg_any import is_psycopg3, mogrify
from django.db.backends.utils import CursorWrapper

if is_psycopg3:
    from psycopg import ClientCursor

# SQLSTATEs that drivers report as internal errors: a server that takes no writes (a full disk, a standby, a failover),
# and one that has ended a transaction or a session for its time
UNAVAILABLE_STATES = {"25006", "25P03", "25P04"}
# as libpq numbers the states of a session; 1 is a statement under way, 4 a connection that is gone
IDLE, IN_TRANSACTION, IN_FAILED_TRANSACTION = 0, 2, 3


def literal(text: str) -> str:
    """A string as a constant of SQL, read the same by every server whatever its settings."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


def as_text(sql: Any, database: BaseDatabaseWrapper) -> str:
    """A statement as text; some are composed of the driver's own objects."""
    return sql if isinstance(sql, str) else str(sql.as_string(database.connection))


def takes_two_statements(cursor: Any, params: Any) -> bool:
    """Whether a driver's cursor sends two statements in one message.

    A cursor that lives in the server declares itself around its statement. Parameters that travel apart from their
    statement (server_side_binding) allow no second one.
    """
    if getattr(cursor, "name", None):
        return False
    return not is_psycopg3 or params is None or isinstance(cursor, ClientCursor)


def skip_first_result(cursor: Any) -> None:
    """After two statements in one message: psycopg 3 shows the first one's result, psycopg2 the last one's."""
    if is_psycopg3:
        cursor.nextset()


def execute(cursor: CursorWrapper, sql: str, parameters: Any) -> None:
    """Run a statement with its parameters written into it: EXECUTE takes none that travel apart."""
    if is_psycopg3 and not isinstance(cursor.cursor, ClientCursor):
        sql, parameters = mogrify(sql, parameters, cursor.db), None
    cursor.execute(sql, parameters)


def is_unavailable(error: BaseException) -> bool:
    """Whether an error of Django's says that the database cannot do now what it could do a while ago, or will later.

    Operational errors: gone, restarting, out of room, a statement that took too long, a deadlock, or a standby's
    conflict with what it has to replay.
    """
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return isinstance(error, OperationalError | InterfaceError) or state in UNAVAILABLE_STATES


# of a session, as the server reports them by itself when they change; a pooler may keep them to itself
READ_ONLY_PARAMETERS = ("default_transaction_read_only", "in_hot_standby")

if is_psycopg3:

    def is_read_only(raw: Any) -> bool:
        """Whether a session takes no writes, by what the driver knows. Asks nothing of the server."""
        return any(raw.pgconn.parameter_status(name.encode()) == b"on" for name in READ_ONLY_PARAMETERS)

    def transaction_status(raw: Any) -> int:
        """What the driver knows of a connection's transaction. Asks nothing of the server."""
        return raw.pgconn.transaction_status  # type: ignore[no-any-return]

else:

    def is_read_only(raw: Any) -> bool:
        """Whether a session takes no writes, by what the driver knows. Asks nothing of the server."""
        return any(raw.get_parameter_status(name) == "on" for name in READ_ONLY_PARAMETERS)

    def transaction_status(raw: Any) -> int:
        """What the driver knows of a connection's transaction. Asks nothing of the server."""
        return raw.get_transaction_status()  # type: ignore[no-any-return]


def is_silent(raw: Any) -> bool:
    """Whether a session has said nothing since its last reply: one that was ended says so. Asks no server."""
    if raw.closed:
        return False
    poller = select.poll()
    poller.register(raw.fileno(), select.POLLIN)  # a hang-up is told unasked
    return not poller.poll(0)


def in_transaction(raw: Any) -> bool:
    """Whether a transaction is open, broken or not."""
    return transaction_status(raw) in (IN_TRANSACTION, IN_FAILED_TRANSACTION)
