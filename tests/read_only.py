"""A database that takes no writes for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections


@contextmanager
def every_session_has(parameter: str, value: str) -> Iterator[None]:
    """Every new session of the tests' database begins so, and keeps it; this thread's is a new one."""
    name = connection.settings_dict["NAME"]
    with connections["owner"].cursor() as owner:
        owner.execute(f"ALTER DATABASE {name} SET {parameter} = '{value}'")
        connection.close()
        try:
            yield
        finally:
            owner.execute(f"ALTER DATABASE {name} RESET {parameter}")


@contextmanager
def read_only_database() -> Iterator[None]:
    """Every new session refuses writes, also when the time is over."""
    with every_session_has("default_transaction_read_only", "on"):
        yield
