"""What logins and roles may do once the tables exist. Runs after every migration, as the owner of the tables."""

from collections.abc import Iterable

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from queueapp.db.installation import Isolation, isolation_to_migrate
from queueapp.db.roles import missing_role_statements, session_login
from queueapp.tenancy.logins import OWNER_ALIAS
from queueapp.tenancy.roles import Role

# What a login may ask before it knows for which tenant (schema/40_api_keys.sql, 50_tenants.sql).
OPEN_FUNCTIONS = ("taskrunner_find_api_key", "taskrunner_note_api_key_used", "taskrunner_memberships_of")
MIGRATIONS_TABLE = "django_migrations"  # no model's

# Tables and views by name, of those that the migrating login owns: it can grant no others. A view is only read.
MISSING_RIGHTS = """
    SELECT oid::regclass::text, is_view
    FROM pg_class, LATERAL (SELECT relkind IN ('v', 'm') AS is_view) AS relation
    WHERE relname = ANY (%(tables)s) AND relkind IN ('r', 'p', 'f', 'v', 'm') AND pg_table_is_visible(oid)
        AND pg_has_role(relowner, 'USAGE')
        AND NOT (has_table_privilege(%(role)s, oid, 'SELECT') AND (is_view OR (
            has_table_privilege(%(role)s, oid, 'INSERT')
            AND has_table_privilege(%(role)s, oid, 'UPDATE')
            AND has_table_privilege(%(role)s, oid, 'DELETE'))))
"""
# of identity and serial columns
SEQUENCES = """
    SELECT sequence.oid::regclass::text
    FROM pg_class AS sequence
    JOIN pg_depend ON objid = sequence.oid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
    JOIN pg_class AS owner ON owner.oid = refobjid
    WHERE owner.relname = ANY (%(tables)s) AND pg_table_is_visible(owner.oid) AND pg_has_role(owner.relowner, 'USAGE')
        -- a case, because it must not ask about what is no sequence
        AND CASE sequence.relkind
            WHEN 'S' THEN has_sequence_privilege(%(role)s, sequence.oid, 'USAGE') = %(granted)s END
"""
WITH_POLICIES = "SELECT relname FROM pg_class WHERE relrowsecurity AND pg_table_is_visible(oid)"
# Ours that no model stands for have names that begin like this.
OUR_RELATIONS = """
    SELECT relname FROM pg_class
    WHERE pg_table_is_visible(oid) AND relkind IN ('r', 'v')
        AND (starts_with(relname, 'taskrunner_') OR relname = 'worker_inbox' OR relname = ANY (%s))
"""
RELATIONS = "SELECT oid::regclass::text FROM pg_class WHERE pg_table_is_visible(oid) AND relname = ANY (%s)"
OUR_SEQUENCES = """
    SELECT oid::regclass::text FROM pg_class
    WHERE pg_table_is_visible(oid) AND relkind = 'S' AND starts_with(relname, 'taskrunner_')
"""
OUR_FUNCTIONS = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pg_function_is_visible(oid) AND starts_with(proname, 'taskrunner_')
"""


def grant_after_migrate(owner: BaseDatabaseWrapper) -> None:
    """Grant to the login that runs the platform what it needs, and to the roles the project's own tables."""
    if owner.alias in (DEFAULT_DB_ALIAS, OWNER_ALIAS):
        grant_to_logins(owner, isolation_to_migrate(owner))


def grant_to_logins(owner: BaseDatabaseWrapper, isolation: Isolation) -> None:
    """What an isolation level needs. The logins are those that the server knows: to a pooler they may have others."""
    migrator, login = session_login(owner), session_login(connections[DEFAULT_DB_ALIAS])
    if isolation == "rls":
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
    with owner.cursor() as cursor:
        tables = _open_tables(cursor)
        for role in Role:
            grant_tables(cursor, tables, role.in_database)
        grant_tables(cursor, [MIGRATIONS_TABLE], Role.OPERATOR.in_database)
        if login != migrator:
            grant_tables(cursor, [*tables, MIGRATIONS_TABLE], login)
            for function in OPEN_FUNCTIONS:
                cursor.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {_quoted(owner, login)}")


def grant_everything(owner: BaseDatabaseWrapper, login: str) -> None:
    """In `single`, where another login than the tables' owner runs the platform: all rows, no structure."""
    with owner.cursor() as cursor:
        grant_tables(cursor, [*_our_relations(cursor), *_open_tables(cursor), MIGRATIONS_TABLE], login)
        grantee = _quoted(owner, login)
        cursor.execute(f"GRANT USAGE, SELECT ON SEQUENCE {_listed(cursor, OUR_SEQUENCES)} TO {grantee}")
        cursor.execute(f"GRANT EXECUTE ON FUNCTION {_listed(cursor, OUR_FUNCTIONS)} TO {grantee}")


def revoke_everything(owner: BaseDatabaseWrapper) -> None:
    """Take from the login that runs the platform what `single` gave it, unless the tables are its own."""
    login = session_login(connections[DEFAULT_DB_ALIAS])
    if login == session_login(owner):
        return
    with owner.cursor() as cursor:
        protected = set(_declared_tables(ours=False)) - set(_open_tables(cursor))
        cursor.execute(RELATIONS, [[*_our_relations(cursor), *protected]])
        relations, grantee = ", ".join(name for (name,) in cursor.fetchall()), _quoted(owner, login)
        cursor.execute(f"REVOKE ALL ON {relations} FROM {grantee}")
        cursor.execute(SEQUENCES, {"tables": list(protected), "role": login, "granted": True})
        sequences = ", ".join([*(name for (name,) in cursor.fetchall()), _listed(cursor, OUR_SEQUENCES)])
        cursor.execute(f"REVOKE ALL ON SEQUENCE {sequences} FROM {grantee}")
        cursor.execute(f"REVOKE ALL ON FUNCTION {_listed(cursor, OUR_FUNCTIONS)} FROM {grantee}")


def _our_relations(cursor: CursorWrapper) -> list[str]:
    """The tables and views of apps that grant their own."""
    cursor.execute(OUR_RELATIONS, [_declared_tables(ours=True)])
    return [name for (name,) in cursor.fetchall()]


def _open_tables(cursor: CursorWrapper) -> list[str]:
    """The tables and views of apps that do not grant their own, unless they have policies."""
    cursor.execute(WITH_POLICIES)
    protected = {name for (name,) in cursor.fetchall()}
    return [table for table in _declared_tables(ours=False) if table not in protected]


def _declared_tables(*, ours: bool) -> list[str]:
    """Of the apps whose AppConfig says, or does not say, `grants_its_own_tables`."""
    return sorted(
        {
            model._meta.db_table
            for app in apps.get_app_configs()
            if getattr(app, "grants_its_own_tables", False) is ours
            for model in app.get_models(include_auto_created=True)
        }
    )


def grant_tables(cursor: CursorWrapper, tables: list[str], role: str) -> None:
    """Only what is missing: this runs after each flush of a test, too."""
    grantee = _quoted(cursor.db, role)
    cursor.execute(MISSING_RIGHTS, {"tables": tables, "role": role})
    for name, is_view in cursor.fetchall():
        cursor.execute(f"GRANT {'SELECT' if is_view else 'SELECT, INSERT, UPDATE, DELETE'} ON {name} TO {grantee}")
    cursor.execute(SEQUENCES, {"tables": tables, "role": role, "granted": False})
    if sequences := ", ".join(name for (name,) in cursor.fetchall()):
        cursor.execute(f"GRANT USAGE ON SEQUENCE {sequences} TO {grantee}")
    (schema,) = _one_row(cursor, "SELECT current_schema()")
    if not _one_row(cursor, "SELECT has_schema_privilege(%s, %s, 'USAGE')", [role, schema])[0]:
        cursor.execute(f"GRANT USAGE ON SCHEMA {_quoted(cursor.db, schema)} TO {grantee}")


def _listed(cursor: CursorWrapper, query: str) -> str:
    """The names that a query finds, as in GRANT."""
    cursor.execute(query)
    return ", ".join(name for (name,) in cursor.fetchall())


def _one_row(cursor: CursorWrapper, sql: str, parameters: list[str] | None = None) -> tuple[str, ...]:
    cursor.execute(sql, parameters)
    row: tuple[str, ...] | None = cursor.fetchone()
    if row is None:
        raise LookupError(sql)
    return row


def _quoted(database: BaseDatabaseWrapper, name: str) -> str:
    quoted: str = database.ops.quote_name(name)
    return quoted
