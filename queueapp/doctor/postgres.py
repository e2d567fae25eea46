"""PostgreSQL: reachable, recent, migrated, and in `rls` isolating tenants."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from queueapp import conf
from queueapp.db.pooler import is_pooled
from queueapp.doctor.finding import Finding, fault, ok, warning
from queueapp.tenancy.guard import tenant_tables
from queueapp.tenancy.logins import OLDEST_SERVERS, OWNER_HINT, refusal, server_version
from queueapp.tenancy.roles import Role

NOTABLE_SKEW_SECONDS = 1.0
WRITABLE = "make room on its disk and reset default_transaction_read_only, or lead DATABASE_URL to the primary"
MIGRATE = "manage.py migrate, as the login that owns the tables"

PROTECTION = """
    SELECT relname, relrowsecurity AND relforcerowsecurity, EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid)
    FROM pg_class WHERE relname = ANY (%s) AND relkind IN ('r', 'p') AND pg_table_is_visible(oid)
    ORDER BY relname
"""
OWNED = "SELECT count(*) FROM pg_class WHERE relname = ANY (%s) AND pg_has_role(session_user, relowner, 'MEMBER')"
ROLES = "SELECT rolname::text FROM pg_roles WHERE rolname = ANY (%s) AND pg_has_role(session_user, oid, 'SET')"


def check() -> Iterator[Finding]:
    """Stops at the first part that the others stand on."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        yield fault("PostgreSQL", str(error).strip(), fix=_way_to_connect(str(error)))
        return
    yield (server := _server())
    if server.level == "fault":
        return
    yield (login := _login())
    if login.level == "fault":
        return
    yield (migrations := _migrations())
    if conf.settings.isolation == "rls":
        if migrations.level == "ok":
            yield _row_level_security()
        yield _roles()
    yield _clock()


def _way_to_connect(refusal: str) -> str:
    if "startup parameter" in refusal:  # a pooler takes few; libpq's `options` is sent as one
        return (
            "set it with ALTER ROLE … SET instead of OPTIONS in DATABASES (here: in DATABASE_URL), or name it in the "
            "pooler's ignore_startup_parameters"
        )
    return "start it, or correct DATABASES (here: DATABASE_URL)"


def _server() -> Finding:
    version, oldest = server_version(connection), OLDEST_SERVERS[conf.settings.isolation]
    if version < oldest:
        return fault("PostgreSQL", f"version {version} is too old", fix=f"run PostgreSQL {oldest} or later")
    if _ask("SHOW transaction_read_only")[0][0] == "on":
        return fault("PostgreSQL", "takes no writes", fix=WRITABLE)
    way = ", through a pooler: no prepared statements" if is_pooled(connection) else ""
    return ok("PostgreSQL", f"{_ask('SHOW server_version')[0][0]}, database {connection.settings_dict['NAME']}{way}")


def _login() -> Finding:
    """In `rls`, whether policies bind it, and what it may do to the tables."""
    login = connection.settings_dict["USER"]
    if conf.settings.isolation == "single":
        return ok("login", f"{login}; any will do where there is one tenant")
    if message := refusal(connection):
        return fault("login", message, fix="connect DATABASES['default'] as a plain login, not a superuser's")
    if _ask(OWNED, [sorted(tenant_tables())])[0][0]:
        return warning(
            "login",
            f"{login} owns the tables and could switch row-level security off",
            fix=OWNER_HINT,
        )
    return ok("login", f"{login} is bound by row-level security")


def _migrations() -> Finding:
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:  # a login that no migration has granted anything to yet
        return fault("migrations", str(error).strip(), fix=MIGRATE)
    if plan:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:3])
        return fault("migrations", f"{len(plan)} are not applied: {names}{' …' if len(plan) > 3 else ''}", fix=MIGRATE)
    return ok("migrations", "all applied")


def _row_level_security() -> Finding:
    tables = sorted(tenant_tables())
    rows = _ask(PROTECTION, [tables])
    if len(rows) < len(tables):
        absent = ", ".join(sorted(set(tables) - {name for name, _, _ in rows}))
        return fault("row-level security", f"there is no table {absent}", fix=MIGRATE)
    open_tables = [name for name, is_forced, _ in rows if not is_forced]
    if open_tables:
        fixes = [f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;" for name in open_tables]
        return fault(
            "row-level security",
            f"not enabled and forced on {', '.join(open_tables)}",
            fix=f"as the owner: {' '.join(fixes)}",
        )
    bare = [name for name, _, has_policy in rows if not has_policy]
    if bare:
        return fault(
            "row-level security",
            f"no policy on {', '.join(bare)}, so nobody sees its rows",
            fix="as the owner, run the TenantPolicies of its migration again",
        )
    return ok("row-level security", f"enabled, forced and with a policy on all {len(rows)} tables of tenants")


def _roles() -> Finding:
    wanted = {role.in_database for role in Role}
    missing = sorted(wanted - {name for (name,) in _ask(ROLES, [sorted(wanted)])})
    if missing:
        login = connection.settings_dict["USER"]
        return fault("roles", f"{login} may not take on {', '.join(missing)}", fix=f"{MIGRATE}: it grants them")
    return ok("roles", f"{', '.join(sorted(wanted))} can be taken on")


def _clock() -> Finding:
    before = time.time()
    theirs = float(_ask("SELECT extract(epoch FROM clock_timestamp())")[0][0])
    skew = theirs - (before + time.time()) / 2
    if abs(skew) > NOTABLE_SKEW_SECONDS:
        return warning(
            "clock",
            f"PostgreSQL's is {skew:+.1f} s off this machine's: ids sort by one, times come from the other",
            fix="keep both machines' clocks in step (chrony, systemd-timesyncd)",
        )
    return ok("clock", f"{skew:+.3f} s between this machine and PostgreSQL")


def _ask(sql: str, parameters: Sequence[Any] | None = None) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
