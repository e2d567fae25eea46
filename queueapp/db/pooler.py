"""Whether a pooler such as PgBouncer stands between us and PostgreSQL: each transaction may be in another session.

PostgreSQL tells whoever connects the id of the process that serves the connection. A pooler has none to tell at that
moment and makes a number up, which shows as soon as the serving process is asked for its own.
"""

from typing import Any
from weakref import WeakKeyDictionary

from django.db.backends.base.base import BaseDatabaseWrapper

_pooled: WeakKeyDictionary[Any, bool] = WeakKeyDictionary()


def is_pooled(database: BaseDatabaseWrapper) -> bool:
    """Whether a connection that is open goes through one, or Django's setting for them says so. Asks it once."""
    connection = database.connection
    if connection not in _pooled:
        said = bool(database.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"))
        _pooled[connection] = said or connection.info.backend_pid != _serving_pid(database)
    return _pooled[connection]


def _serving_pid(database: BaseDatabaseWrapper) -> int:
    # with the driver's cursor: what goes over Django's may be sent with the settings of a scope in front
    with database.wrap_database_errors, database.connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
