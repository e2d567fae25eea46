"""What a scope sets in the database session, for the rest of the transaction: sent along with its first statement.

A round trip of its own would be a tenth of what a small transaction takes.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.db.backends.base.base import BaseDatabaseWrapper

from queueapp.db import driver
from queueapp.errors import ScopeError

SEARCH_PATH = "search_path"
# What the session came with, whatever was set since.
CONFIGURED_PATH = "SELECT reset_val FROM pg_settings WHERE name = 'search_path'"

# by connection: the statement that waits to be sent in front of the next one, and where a scope looks names up
_staged: WeakKeyDictionary[BaseDatabaseWrapper, str] = WeakKeyDictionary()
_search_paths: WeakKeyDictionary[BaseDatabaseWrapper, str] = WeakKeyDictionary()


def setting_statement(settings: Mapping[str, str]) -> str:
    """A statement that sets these until the transaction ends."""
    return "SELECT " + ", ".join(
        f"set_config('{name}', {driver.literal(text)}, true)" for name, text in settings.items()
    )


def _search_path(database: BaseDatabaseWrapper) -> str:
    """Where every scope looks names up: the configured path, and temporary tables after all others.

    Anybody may make a temporary table. Where it is looked for first, as PostgreSQL does unless told otherwise, it
    stands in for one of ours, in whoever's scope comes next in that session. Asked once a connection.
    """
    path = _search_paths.get(database)
    if path is None:
        # with the driver's cursor: what goes over Django's may be sent with the settings of a scope in front
        with database.wrap_database_errors, database.connection.cursor() as cursor:
            cursor.execute(CONFIGURED_PATH)
            (configured,) = cursor.fetchone()
        path = _search_paths[database] = ", ".join(filter(None, [configured, "pg_temp"]))
    return path


def stage(database: BaseDatabaseWrapper, statement: str) -> None:
    """Send this setting statement, and where names are looked up, in front of the next statement of a connection.

    It connects first where it must: what is sent while connecting, or to see whether the connection still lives, is
    not the statement that is meant.
    """
    if database.connection is None:
        database.ensure_connection()
    elif driver.is_silent(database.connection):
        # Django would ask by a round trip of its own, once a request
        database.health_check_done = True  # type: ignore[attr-defined]
    else:
        database.close_if_health_check_failed()
        database.ensure_connection()
    path = driver.literal(_search_path(database))
    _staged[database] = f"{statement}, set_config('{SEARCH_PATH}', {path}, true)"


def is_staged(database: BaseDatabaseWrapper) -> bool:
    """Whether something waits for the next statement."""
    return database in _staged


def withdraw(database: BaseDatabaseWrapper) -> bool:
    """Forget what is staged. False when it was sent already."""
    return _staged.pop(database, None) is not None


def read_settings(database: BaseDatabaseWrapper, names: Iterable[str]) -> dict[str, str]:
    """What the session has now."""
    with database.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}', true)" for name in names))
        # one that was never set reads as NULL and cannot be set back to it; '' is its resting state
        return {name: value or "" for name, value in zip(names, cursor.fetchone() or (), strict=True)}


def write_settings(database: BaseDatabaseWrapper, settings: Mapping[str, str]) -> None:
    """Set these now."""
    with database.cursor() as cursor:
        cursor.execute(setting_statement(settings))


def send_staged(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Execute wrapper: what is staged goes in front of this statement, in the same message."""
    database = context["connection"]
    statement = _staged.get(database)
    if statement is None:
        return execute(sql, params, many, context)
    text = driver.as_text(sql, database)
    cursor = context["cursor"].cursor
    if many or not driver.takes_two_statements(cursor, params):
        return _send_apart(execute, sql, params, many, context)
    if not text.startswith("PREPARE "):  # which looks its names up, and touches no row: what does is still to come
        del _staged[database]
    if params is not None:
        statement = statement.replace("%", "%%")  # about to be read as a format once more
    answer = execute(f"{statement};\n{text}", params, many, context)
    driver.skip_first_result(cursor)
    return answer


def _send_apart(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Two messages, so both must be in one transaction."""
    database = context["connection"]
    if not database.in_atomic_block:
        raise ScopeError("A scope of one statement takes one that can share its message; open tenant_scope() here.")
    statement = _staged.pop(database)
    with database.cursor() as cursor:
        cursor.execute(statement)
    return execute(sql, params, many, context)
