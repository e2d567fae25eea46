"""The second layer: a login that could bypass row-level security is refused, and so is SQL without a scope."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper

from queueapp.errors import ScopeError
from queueapp.tenancy.scopes import current_scope
from queueapp.tenancy.session import send_staged

OWNER_ALIAS = "owner"

LOGIN_RIGHTS = """
    SELECT rolsuper, rolbypassrls,
        ARRAY(SELECT rolname::text FROM pg_roles g
               WHERE g.rolname IN ('taskrunner_client', 'taskrunner_worker', 'taskrunner_operator')
                 AND pg_has_role(session_user, g.oid, 'USAGE'))
    FROM pg_roles WHERE rolname = session_user
"""


def tenant_tables() -> frozenset[str]:
    """Tables whose rows belong to a tenant: those of every model with a `tenant_id` column, and the tenants."""
    return frozenset(
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.db_table == "taskrunner_tenants"
        or any(field.column == "tenant_id" for field in model._meta.fields)
    )


def login_faults(database: BaseDatabaseWrapper) -> list[str]:
    """Why this connection's login may not run the platform; empty when it may."""
    with database.cursor() as cursor:
        cursor.execute(LOGIN_RIGHTS)
        row = cursor.fetchone()
    superuser, bypasses, inherited = row if row else (True, True, [])
    faults = []
    if superuser:
        faults.append("it is a superuser")
    if bypasses and not superuser:
        faults.append("it has BYPASSRLS")
    if inherited and not superuser:
        faults.append(f"it holds {', '.join(inherited)} by inheritance (grant WITH INHERIT FALSE, SET TRUE)")
    return faults


def refuse_unsafe_login(database: BaseDatabaseWrapper) -> None:
    """Raises ImproperlyConfigured for a login that row-level security would not bind."""
    faults = login_faults(database)
    if faults:
        user = database.settings_dict["USER"]
        raise ImproperlyConfigured(
            f"Refusing to run as database login {user!r}: {' and '.join(faults)}, so tenants would not be isolated. "
            "Point DATABASE_URL at a plain login; deploy/postgres/logins.sql makes one."
        )


def watch_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Receiver of connection_created: check the login, then watch every statement."""
    if connection.vendor != "postgresql" or connection.alias == OWNER_ALIAS:
        return
    try:
        refuse_unsafe_login(connection)
    except ImproperlyConfigured:
        connection.close()  # left open, it would serve the next query, unguarded
        raise
    for wrapper in (require_scope, send_staged):
        if wrapper not in connection.execute_wrappers:
            connection.execute_wrappers.append(wrapper)


def require_scope(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Execute wrapper: a statement that names a tenant's table outside a scope raises ScopeError."""
    if current_scope() is None:
        named = _mention_of_tenant_table().search(sql)
        if named:
            raise ScopeError(
                f"{named.group()} holds tenants' rows: open tenant_scope() or operator_scope() around this query."
            )
    return execute(sql, params, many, context)


@cache
def _mention_of_tenant_table() -> re.Pattern[str]:
    names = "|".join(sorted([*tenant_tables(), "worker_inbox", "taskrunner_audit"], key=len, reverse=True))
    return re.compile(rf"(?<![\w.'])({names})(?![\w.'])")
