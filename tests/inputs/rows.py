"""Whether anything was written: a fingerprint of every table of ours, in which each version of a row counts."""

from django.db import connection

from queueapp.tenancy import operator_scope

# What a refused request may leave: that it was refused, and that its key was used.
MAY_CHANGE = {"taskrunner_security_events", "taskrunner_config_audit", "taskrunner_api_keys"}
TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname !~ '^(auth|django)_'
"""


def fingerprint() -> dict[str, tuple[int, int]]:
    """Of each table how many rows it has, and a sum over their places and the transactions that wrote them."""
    with operator_scope("operator:test"), connection.cursor() as cursor:
        cursor.execute(TABLES)
        names = sorted(name for (name,) in cursor.fetchall() if name not in MAY_CHANGE)
        queries = (
            f"SELECT '{name}', count(*), coalesce(sum(hashtext(ctid::text || xmin::text)), 0)::bigint FROM {name}"
            for name in names
        )
        cursor.execute(" UNION ALL ".join(queries))
        return {name: (count, total) for name, count, total in cursor.fetchall()}


def changed(before: dict[str, tuple[int, int]]) -> list[str]:
    """The tables that are not as they were."""
    after = fingerprint()
    return [name for name in after if before[name] != after[name]]
