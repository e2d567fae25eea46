"""What logins and roles may do once the tables exist. Runs after every migration, as the owner of the tables."""

from collections.abc import Iterable

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from queueapp import conf
from queueapp.db.roles import missing_role_statements
from queueapp.tenancy.roles import Role

# What a login may ask before it knows for which tenant (schema/50_api_keys.sql).
KEY_FUNCTIONS = ("taskrunner_find_api_key", "taskrunner_note_api_key_used")
MIGRATIONS_TABLE = "django_migrations"  # no model's

WITHOUT_RIGHTS = """
    SELECT format('%%I', name) FROM unnest(%(tables)s::text[]) AS name
    WHERE NOT (has_table_privilege(%(role)s, format('%%I', name), 'SELECT')
        AND has_table_privilege(%(role)s, format('%%I', name), 'INSERT')
        AND has_table_privilege(%(role)s, format('%%I', name), 'UPDATE')
        AND has_table_privilege(%(role)s, format('%%I', name), 'DELETE'))
"""
# of identity and serial columns
SEQUENCES = """
    SELECT sequence.oid::regclass::text
    FROM pg_class AS sequence
    JOIN pg_depend ON objid = sequence.oid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
    JOIN pg_class AS owner ON owner.oid = refobjid
    WHERE owner.relname = ANY (%(tables)s) AND pg_table_is_visible(owner.oid)
        -- a case, because it must not ask about what is no sequence
        AND CASE sequence.relkind WHEN 'S' THEN NOT has_sequence_privilege(%(role)s, sequence.oid, 'USAGE') END
"""
WITH_POLICIES = "SELECT relname FROM pg_class WHERE relrowsecurity AND pg_table_is_visible(oid)"


def grant_after_migrate(owner: BaseDatabaseWrapper) -> None:
    """Grant to the login that runs the platform what it needs, and to the roles the project's own tables."""
    with owner.cursor() as cursor:
        (migrator,) = _one_row(cursor, "SELECT session_user::text")
    login = connections[DEFAULT_DB_ALIAS].settings_dict["USER"] or migrator
    if conf.settings.isolation == "rls":
        grant_roles(owner, {migrator, login})
        grant_open_tables(owner, login, migrator)
    elif login != migrator:
        grant_everything(owner, login)


def grant_roles(owner: BaseDatabaseWrapper, logins: Iterable[str]) -> None:
    """Let logins take the three roles on inside a scope. They inherit none, so without a scope they see nothing."""
    with owner.cursor() as cursor:
        for statement in missing_role_statements(owner, logins):
            cursor.execute(statement)


def grant_open_tables(owner: BaseDatabaseWrapper, login: str, migrator: str) -> None:
    """Let the login and the roles use the tables without tenants' rows: a scope is no reason to lose one's own models.

    Ours are granted by their own migrations, to the roles alone, so without a scope the database refuses them.
    """
    tables = _open_tables(owner)
    with owner.cursor() as cursor:
        for role in Role:
            grant_tables(cursor, tables, role.in_database)
        grant_tables(cursor, [MIGRATIONS_TABLE], Role.OPERATOR.in_database)
        if login != migrator:
            grant_tables(cursor, [*tables, MIGRATIONS_TABLE], login)
            for function in KEY_FUNCTIONS:
                cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {_quoted(owner, login)}")
        (schema,) = _one_row(cursor, "SELECT quote_ident(current_schema())")
        cursor.execute(
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {_quoted(owner, Role.OPERATOR.in_database)}"
        )


def grant_everything(owner: BaseDatabaseWrapper, login: str) -> None:
    """In `single`, where another login than the tables' owner runs the platform: all rows, no structure."""
    with owner.cursor() as cursor:
        (schema,) = _one_row(cursor, "SELECT quote_ident(current_schema())")
        for rights, what in (
            ("SELECT, INSERT, UPDATE, DELETE", "TABLES"),
            ("USAGE, SELECT", "SEQUENCES"),
            ("EXECUTE", "FUNCTIONS"),
        ):
            cursor.execute(f"GRANT {rights} ON ALL {what} IN SCHEMA {schema} TO {_quoted(owner, login)}")


def _open_tables(owner: BaseDatabaseWrapper) -> list[str]:
    """The tables of apps that do not grant their own (an attribute of the AppConfig), unless they have policies."""
    declared = {
        model._meta.db_table
        for app in apps.get_app_configs()
        if not getattr(app, "grants_its_own_tables", False)
        for model in app.get_models(include_auto_created=True)
    }
    with owner.cursor() as cursor:
        cursor.execute(WITH_POLICIES)
        protected = {name for (name,) in cursor.fetchall()}
    return sorted(declared & set(owner.introspection.table_names()) - protected)


def grant_tables(cursor: CursorWrapper, tables: list[str], role: str) -> None:
    """Only what is missing: this runs after each flush of a test, too."""
    grantee = _quoted(cursor.db, role)
    cursor.execute(WITHOUT_RIGHTS, {"tables": tables, "role": role})
    if missing := ", ".join(name for (name,) in cursor.fetchall()):
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {missing} TO {grantee}")
    cursor.execute(SEQUENCES, {"tables": tables, "role": role})
    if sequences := ", ".join(name for (name,) in cursor.fetchall()):
        cursor.execute(f"GRANT USAGE ON SEQUENCE {sequences} TO {grantee}")
    (schema,) = _one_row(cursor, "SELECT current_schema()")
    if not _one_row(cursor, "SELECT has_schema_privilege(%s, %s, 'USAGE')", [role, schema])[0]:
        cursor.execute(f"GRANT USAGE ON SCHEMA {_quoted(cursor.db, schema)} TO {grantee}")


def _one_row(cursor: CursorWrapper, sql: str, parameters: list[str] | None = None) -> tuple[str, ...]:
    cursor.execute(sql, parameters)
    row: tuple[str, ...] | None = cursor.fetchone()
    if row is None:
        raise LookupError(sql)
    return row


def _quoted(database: BaseDatabaseWrapper, name: str) -> str:
    quoted: str = database.ops.quote_name(name)
    return quoted
