"""What a scope sets in the database session, for the rest of the transaction: sent along with its first statement.

A round trip of its own would be a tenth of what a small transaction takes.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

Settings = Mapping[str, str]

_staged: WeakKeyDictionary[BaseDatabaseWrapper, Settings] = WeakKeyDictionary()


def stage(database: BaseDatabaseWrapper, settings: Settings) -> None:
    """Set these with the next statement of this connection."""
    _staged[database] = settings


def is_staged(database: BaseDatabaseWrapper) -> bool:
    """Whether something waits for the next statement."""
    return database in _staged


def withdraw(database: BaseDatabaseWrapper) -> bool:
    """Forget what is staged. False when it was sent already."""
    return _staged.pop(database, None) is not None


def read_settings(names: Iterable[str]) -> dict[str, str]:
    """What the session has now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}', true)" for name in names))
        # one that was never set reads as NULL and cannot be set back to it; '' is its resting state
        return {name: value or "" for name, value in zip(names, cursor.fetchone() or (), strict=True)}


def write_settings(settings: Settings) -> None:
    """Set these now."""
    with connection.cursor() as cursor:
        cursor.execute(_calls(settings), list(settings.values()))


def send_staged(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Execute wrapper: whatever is staged goes in front of this statement, in the same message."""
    if sql.startswith("PREPARE "):  # touches no row yet, so the settings wait for what does
        return execute(sql, params, many, context)
    settings = _staged.pop(context["connection"], None)
    if settings is None:
        return execute(sql, params, many, context)
    cursor = context["cursor"].cursor
    if many or cursor.name:  # a server-side cursor declares itself around its statement, so nothing may stand before
        write_settings(settings)
        return execute(sql, params, many, context)
    calls: str = cursor.mogrify(_calls(settings), list(settings.values())).decode()
    if params is not None:
        calls = calls.replace("%", "%%")  # about to be read as a format once more
    return execute(f"{calls};\n{sql}", params, many, context)


def _calls(settings: Settings) -> str:
    return "SELECT " + ", ".join(f"set_config('{name}', %s, true)" for name in settings)
