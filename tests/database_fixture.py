"""Emptying PostgreSQL and Redis between tests, and finding what a test left open."""

from functools import cache

from django.db import connection, connections

from configapp import reader
from queueapp import conf
from queueapp.apikeys import authenticate
from queueapp.claiming import http_workers
from queueapp.limits import rate_limiter, requirement_sets, tenant_limits
from queueapp.redis import notifier
from queueapp.redis.connections import redis_client
from queueapp.rest.toolkit import refusals
from queueapp.tasks import routing
from queueapp.tenancy import current_scope, lookup, operator_scope, scopes
from tests.notifications import let_notifications_arrive
from tests.waiting import comes_true

# What migrations put there. Of the first two, the rows that a test added go.
KEPT = [
    "taskrunner_tenants",
    "taskrunner_queues",
    "taskrunner_task_transitions",
    "taskrunner_installation",
    "django_migrations",
    "django_content_type",
    "auth_permission",
]

# A table that nothing was written to has no pages: most tests touch few, and truncating costs files.
WRITTEN_TABLES = """
    SELECT quote_ident(relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0
        AND relname <> ALL (%s)
"""
# a login sees the state of its own sessions only, which is why the app asks and not the owner
OPEN_TRANSACTIONS = """
    SELECT application_name || ' ' || state || ': ' || left(query, 100) FROM pg_stat_activity
    WHERE datname = current_database() AND usename = session_user AND pid <> pg_backend_pid() AND state <> 'idle'
"""


def kept_tenants() -> list[str]:
    """The platform's own, and in `single` the project's one."""
    return ["system"] if conf.settings.isolation == "rls" else ["main", "system"]


@cache
def kept_queues() -> list[str]:
    """The queues that exist after migrating. Called once before the first test."""
    with operator_scope("operator:clean_database"), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM taskrunner_queues")
        return [name for (name,) in cursor.fetchall()]


def leftovers(*, seconds: float = 5) -> list[str]:
    """What is open in this thread, or for so long in other sessions of the database; closes this thread's part."""
    faults = []
    if (scope := current_scope()) is not None:
        faults.append(f"a scope ({scope.actor})")
    if connection.in_atomic_block:
        faults.append("a transaction")
    if (tenant := _still_bound()) is not None:
        faults.append(tenant)
    if faults:
        # a fresh connection for the tests to come; this one cannot be trusted any more
        connection.close()
        del connections["default"]
    if not comes_true(lambda: not _open_transactions(), seconds=seconds):
        faults += _open_transactions()
    # a worker on its way out would take the next test's notifications
    if not comes_true(lambda: not _waiting_for_notifications(), seconds=seconds):
        faults.append("a worker that waits for notifications")
    return faults


def empty_everything() -> None:
    """As migrations left it: no task, no tenant but `system`, no queue of a test's own, no notification left."""
    with connections["owner"].cursor() as owner:
        owner.execute("SET lock_timeout = '10s'; SET synchronous_commit = off")
        owner.execute(WRITTEN_TABLES, [KEPT])
        if tables := ", ".join(name for (name,) in owner.fetchall()):
            owner.execute(f"TRUNCATE {tables} CASCADE")  # as the owner, whom row-level security does not hold back
    with operator_scope("operator:clean_database"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM taskrunner_tenants WHERE slug <> ALL (%s)", [kept_tenants()])
        cursor.execute("DELETE FROM taskrunner_queues WHERE name <> ALL (%s)", [kept_queues()])
        cursor.execute(
            "UPDATE taskrunner_queues SET paused_at = NULL, strategy = 'priority'"
            " WHERE paused_at IS NOT NULL OR strategy <> 'priority'"
        )
    let_notifications_arrive()
    redis_client().flushdb()
    _forget()


def _forget() -> None:
    """What modules remember for a second."""
    routing._table = None
    notifier._silent_until = 0.0
    rate_limiter.forget()
    refusals.forget()
    tenant_limits.forget()
    requirement_sets.forget()
    http_workers.forget()
    authenticate.forget()
    reader.forget()
    lookup.forget()


def _still_bound() -> str | None:
    bound = scopes._bound.get()
    return None if bound is None else f"a bound tenant ({bound})"


def _waiting_for_notifications() -> bool:
    return bool(redis_client().info("clients")["blocked_clients"])


def _open_transactions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(OPEN_TRANSACTIONS)
        return [query for (query,) in cursor.fetchall()]
