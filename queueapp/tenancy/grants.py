"""What a login needs once the tables exist. Runs after every migration, as the owner."""

from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from psycopg2 import sql

from queueapp.tenancy.guard import tenant_tables
from queueapp.tenancy.scopes import CLIENT, OPERATOR, WORKER

# What a login may ask before it knows for which tenant (migrations/sql/0005_api_keys.sql).
KEY_FUNCTIONS = {"taskrunner_find_api_key", "taskrunner_note_api_key_used"}


def grant_after_migrate(sender: AppConfig, using: str, **_: Any) -> None:
    """Receiver of post_migrate: grant to the login that DATABASE_URL names."""
    login = connections["default"].settings_dict["USER"]
    grant_login(connections[using], login)


def grant_login(owner: BaseDatabaseWrapper, login: str) -> None:
    """Let a login take the three roles on inside a scope, and use the tables that hold no tenant's rows.

    The tables of an app that `grants_its_own_tables` (an attribute of its AppConfig) are granted by its migrations to
    the roles alone, so without a scope a login is refused them by the database itself.
    """
    open_tables = sorted(_tables_without_grants(owner))
    with owner.cursor() as cursor:
        cursor.execute("SELECT session_user")
        if (cursor.fetchone() or ("",))[0] != login:
            for role in (CLIENT, WORKER, OPERATOR):
                cursor.execute(
                    sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(
                        sql.Identifier(role), sql.Identifier(login)
                    )
                )
        grantees = sql.SQL(", ").join([sql.Identifier(login), sql.Identifier(OPERATOR)])
        if open_tables:
            tables = sql.SQL(", ").join(map(sql.Identifier, open_tables))
            cursor.execute(sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}").format(tables, grantees))
        for function in KEY_FUNCTIONS & _functions(cursor):
            cursor.execute(
                sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.Identifier(function), sql.Identifier(login))
            )
        cursor.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(grantees))


def _functions(cursor: CursorWrapper) -> set[str]:
    cursor.execute("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
    return {name for (name,) in cursor.fetchall()}


def _tables_without_grants(owner: BaseDatabaseWrapper) -> set[str]:
    declared = {
        model._meta.db_table
        for app in apps.get_app_configs()
        if not getattr(app, "grants_its_own_tables", False)
        for model in app.get_models(include_auto_created=True)
    }
    existing = set(owner.introspection.table_names())
    return ((declared | {"django_migrations"}) & existing) - tenant_tables()
