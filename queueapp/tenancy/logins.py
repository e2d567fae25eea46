"""Which login of the database may run the platform in `rls`, where policies keep tenants apart."""

import logging

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from queueapp import conf
from queueapp.tenancy.roles import Role

logger = logging.getLogger(__name__)

OWNER_ALIAS = "owner"  # in DATABASES, where another login than the app's migrates
OLDEST_SERVERS = {"single": 15, "rls": 16}  # rls: roles are granted WITH INHERIT FALSE, which 16 introduced
OWNER_HINT = "Run as a login that owns nothing, and migrate as the owner (docs/install.md, Two logins)."

LOGIN_RIGHTS = """
    SELECT rolsuper, rolbypassrls,
        ARRAY(SELECT rolname::text FROM pg_roles g
               WHERE g.rolname = ANY (%s) AND pg_has_role(session_user, g.oid, 'USAGE'))
    FROM pg_roles WHERE rolname = session_user
"""

OWNS_TABLES = """
    SELECT pg_has_role(session_user, relowner, 'MEMBER') FROM pg_class WHERE oid = to_regclass('taskrunner_tasks')
"""

_examined: set[str] = set()  # logins that this process has asked about


def login_faults(database: BaseDatabaseWrapper) -> list[str]:
    """Why row-level security would not bind this connection's login; empty when it does."""
    with database.cursor() as cursor:
        cursor.execute(LOGIN_RIGHTS, [[role.in_database for role in Role]])
        superuser, bypasses, inherited = cursor.fetchone() or (True, True, [])
    if superuser:
        return ["it is a superuser"]
    faults = ["it has BYPASSRLS"] if bypasses else []
    if inherited:
        faults.append(f"it holds {', '.join(inherited)} by inheritance (grant WITH INHERIT FALSE, SET TRUE)")
    return faults


def refusal(database: BaseDatabaseWrapper) -> str | None:
    """What to tell about a login that may not run the platform in `rls`; None for one that may, and in `single`."""
    if conf.settings.isolation == "single" or not (faults := login_faults(database)):
        return None
    return (
        f"Refusing to run as database login {database.settings_dict['USER']!r}: {' and '.join(faults)}, so tenants "
        "would not be isolated. Connect as a plain login (docs/install.md, Two logins), or set "
        f"{conf.SETTING}['ISOLATION'] to 'single' where there is one tenant."
    )


def owns_tables(database: BaseDatabaseWrapper) -> bool:
    """Whether this connection's login could change our tables and their policies."""
    with database.cursor() as cursor:
        cursor.execute(OWNS_TABLES)
        return bool(cursor.fetchone() == (True,))


def server_version(database: BaseDatabaseWrapper) -> int:
    """The major version of the server."""
    with database.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::integer / 10000")
        return int((cursor.fetchone() or (0,))[0])


def refuse_unsafe_login() -> None:
    """Look at the login once a process. Raises ImproperlyConfigured; while DEBUG is on it warns instead."""
    database = connections[DEFAULT_DB_ALIAS]
    login = database.settings_dict["USER"]
    if login in _examined:
        return
    message = refusal(database)
    if message and not settings.DEBUG:
        raise ImproperlyConfigured(message)
    _examined.add(login)
    if message:
        logger.warning(message, extra={"event": "unsafe_login"})
