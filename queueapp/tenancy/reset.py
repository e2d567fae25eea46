"""A database session as it was after connecting, whatever somebody's statements have set in it since."""

import re

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from queueapp.db import driver

# DISCARD ALL would do, and take the platform's own prepared statements along.
STATEMENTS = (
    "SET SESSION AUTHORIZATION DEFAULT; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; DISCARD TEMP; DISCARD SEQUENCES;"
    " SELECT pg_advisory_unlock_all(), set_config('TimeZone', {time_zone}, false)"
)
# Savepoints, and a scope's own reading and setting of what ends with the transaction.
HARMLESS = re.compile(
    r"""(?:SAVEPOINT|RELEASE\ SAVEPOINT|ROLLBACK\ TO\ SAVEPOINT)\ "\w+"
    | SELECT\ (?:current_setting\('[\w.]+',\ true\)(?:,\ |$))+
    | SELECT\ (?:set_config\('[\w.]+',\ E'(?:[^'\\]|''|\\\\)*',\ true\)(?:,\ |$))+""",
    re.VERBOSE,
)


def leaves_nothing(text: str) -> bool:
    """Whether a statement plainly changes nothing in its session: each that surrounds a transactional handler."""
    return HARMLESS.fullmatch(text) is not None


def reset_session(database: BaseDatabaseWrapper) -> None:
    """Take back settings, role, cursors, LISTEN, advisory locks and temporary tables; prepared statements stay.

    One message to the server. Raises a DatabaseError where that cannot be done.
    """
    with database.wrap_database_errors, database.connection.cursor() as cursor:
        cursor.execute(STATEMENTS.format(time_zone=driver.literal(database.timezone_name)))
    database.init_connection_state()
    # as Django when it has connected: what the project's own receivers set is set again
    connection_created.send(sender=type(database), connection=database)
