"""The roles that scopes take on in `rls`: which are missing, and the SQL that makes them."""

from collections.abc import Iterable
from typing import Any, cast

from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError
from django.db.backends.base.base import BaseDatabaseWrapper

from queueapp.db.installation import ROLES, role_name

# None can log in; a login takes one on with SET ROLE inside a scope and holds none by inheritance, so that without a
# scope it sees nothing. Made by another database of the server at the same time, a role is there as well.
CREATE_ROLE = """DO $$
BEGIN
    CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;"""
GRANT_ROLE = "GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE;"

MINIMUM_SERVER = 160_000  # GRANT … WITH INHERIT FALSE, SET TRUE


def session_login(database: BaseDatabaseWrapper) -> str:
    """The login that a connection came with."""
    return cast(str, _value(database, "SELECT session_user"))


def missing_role_statements(database: BaseDatabaseWrapper, logins: Iterable[str]) -> list[str]:
    """The SQL that makes the roles which are missing and lets these logins take them on."""
    statements = []
    for role in map(role_name, ROLES):
        exists = _value(database, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", role)
        if not exists:
            statements.append(CREATE_ROLE.format(role=role))
        statements += [
            GRANT_ROLE.format(role=role, login=database.ops.quote_name(login))
            for login in dict.fromkeys(logins)
            if not (exists and _value(database, "SELECT pg_has_role(%s, %s, 'SET')", login, role))
        ]
    return statements


def create_missing_roles(database: BaseDatabaseWrapper) -> None:
    """Make the roles, and let the migrating login take them on.

    Raises ImproperlyConfigured on a server that is too old, or where the login may not do that.
    """
    if _value(database, "SELECT current_setting('server_version_num')::integer") < MINIMUM_SERVER:
        raise ImproperlyConfigured('TASKRUNNER["ISOLATION"] = "rls" needs PostgreSQL 16 or newer; "single" needs 15.')
    login = session_login(database)
    try:
        for statement in missing_role_statements(database, [login]):
            with database.cursor() as cursor:
                cursor.execute(statement)
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            f"The database login {login!r} may not make the roles of row-level security ({str(error).strip()}). "
            "`manage.py isolate --print-sql` prints the SQL for a login that may; then migrate again."
        ) from error


def _value(database: BaseDatabaseWrapper, query: str, *parameters: str) -> Any:
    with database.cursor() as cursor:
        cursor.execute(query, parameters)
        return (cursor.fetchone() or (None,))[0]
