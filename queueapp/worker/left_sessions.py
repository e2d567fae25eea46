"""What a handler sets in a database session goes with its attempt: the next one may be another tenant's."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from queueapp.db import driver, statements
from queueapp.tenancy.reset import leaves_nothing

# Of prepared statements nothing but a new session takes away those that a handler made, or brings back the platform's.
PREPARED = re.compile(r"\b(?:prepare|deallocate|discard)\b", re.IGNORECASE)

# the connections that were sent anything but the platform's own statements: whether nothing but a new session will do
_used: dict[BaseDatabaseWrapper, bool] = {}


def watch(database: BaseDatabaseWrapper) -> None:
    """From now on it is known whether a connection was used. Looking at it asks nothing of the server."""
    if _mark not in database.execute_wrappers:
        database.execute_wrappers.insert(0, _mark)  # in front of what adds a scope's settings


def _mark(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Execute wrapper."""
    database = context["connection"]
    text = driver.as_text(sql, database)
    if not (statements.is_named(text) or leaves_nothing(text)):
        _used[database] = _used.get(database, False) or PREPARED.search(text) is not None
    return execute(sql, params, many, context)


def forget_use(databases: Iterable[BaseDatabaseWrapper]) -> None:
    """Before an attempt: what was sent over these until now was no handler's."""
    if _used:
        for database in databases:
            _used.pop(database, None)


def take_used(databases: Iterable[BaseDatabaseWrapper]) -> dict[BaseDatabaseWrapper, bool]:
    """Those of them that were used since, each with whether nothing but a new session will do."""
    return {database: _used.pop(database) for database in databases if database in _used} if _used else {}
