"""What is installed in a database: how tenants are kept apart there, in which schema, under which role names."""

import re
from typing import Literal, cast

from django.db.backends.base.base import BaseDatabaseWrapper

from queueapp import conf

Isolation = Literal["single", "rls"]
ROLES = ("client", "worker", "operator")


def role_name(role: str) -> str:
    """The name on this server of the role that a client's, a worker's or an operator's scope takes on."""
    return f"{conf.settings.prefix}_{role}"


def installed_isolation(database: BaseDatabaseWrapper) -> Isolation | None:
    """The isolation level that the database was migrated to; None before the first migration."""
    with database.cursor() as cursor:
        cursor.execute("SELECT to_regclass('taskrunner_installation') IS NOT NULL")
        (installed,) = cursor.fetchone() or (False,)
        if not installed:
            return None
        cursor.execute("SELECT isolation FROM taskrunner_installation")
        (isolation,) = cursor.fetchone() or (None,)
        return cast(Isolation, isolation)


def isolation_to_migrate(database: BaseDatabaseWrapper) -> Isolation:
    """What migrations follow: the level of the database, or of the setting while there is none."""
    return installed_isolation(database) or conf.settings.isolation


def fill(text: str, database: BaseDatabaseWrapper, isolation: Isolation) -> str:
    """SQL with the names of this installation for {{schema}}, {{isolation}}, {{client}}, {{worker}}, {{operator}}."""
    values = {"schema": _schema(database), "isolation": isolation, **{role: role_name(role) for role in ROLES}}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], text)


def _schema(database: BaseDatabaseWrapper) -> str:
    """Where new tables go: the first schema on the search_path that exists."""
    with database.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        (schema,) = cursor.fetchone() or ("",)
        return cast(str, schema)
