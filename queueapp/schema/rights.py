"""Who may do what with each table, as privileges and rows (db/operations.py). Read by migrations/0001_initial.py.

Records are append-only for everybody: no role has the right to change them.
"""

from queueapp.db.operations import (
    TENANT_ID,
    TENANT_ROWS,
    WORKER_ID,
    IsolationOperation,
    RolePolicy,
    TableRights,
    TenantPolicies,
)

# The moves of a task that each role may make are columns here and rows of taskrunner_task_transitions.
NEW_TASK = (
    "id, tenant_id, type, queue, params, requirements, labels, status, priority, run_at, expires_at, max_retries,"
    " timeout_seconds, retried_from_id"
)
CLIENT_MOVES = (
    "status, priority, run_at, expires_at, failures, crash_count, worker_id, cancel_requested_at, progress, result,"
    " error_code, error_message, error_detail, error_fingerprint, run_seconds, updated_at, finished_at"
)
WORKER_MOVES = (
    "status, run_at, attempt, failures, worker_id, lease_expires_at, progress, result, error_code, error_message,"
    " error_detail, error_fingerprint, run_seconds, updated_at, started_at, finished_at"
)
# What waits to be claimed, and what this worker holds or held last. The second half also admits the rows it is
# finishing: PostgreSQL checks the new row of an UPDATE that reads columns against this policy.
CLAIMABLE = f"status = 'queued' OR worker_id = {WORKER_ID}"
# The row of `taskrunner_workers` that a worker's scope may read and write: its own.
OWN_ROW = f"id = {WORKER_ID}"
# The owner's functions see tasks and delete log rows only where they act for the platform itself or for a worker: in a
# session of the owner's own, taskrunner_who() is neither 'system' nor 'worker'.
SYSTEM_ONLY = "(SELECT taskrunner_who()) = 'system'"
HELD_BY_CALLER = f"(SELECT taskrunner_who()) = 'worker' AND worker_id = {WORKER_ID}"

ARTIFACT = "id, tenant_id, task_id, attempt, type, content_type, size_bytes, sha256, metadata, created_at"


def claimed_by_worker(table: str, condition: str = "") -> str:
    """Rows of tasks that the worker claimed last."""
    return (
        f"EXISTS (SELECT FROM taskrunner_tasks t WHERE t.id = task_id AND t.tenant_id = {table}.tenant_id"
        f" AND t.worker_id = {WORKER_ID}{condition})"
    )


def held_by_worker(table: str, condition: str = "") -> str:
    """Rows of tasks that the worker holds now."""
    return claimed_by_worker(table, f" AND t.lease_expires_at IS NOT NULL{condition}")


# Who asks for it has made sure that a person is an administrator of the tenant (tenancy/scopes.py). Other scopes of a
# client, such as those of requests and handlers, are refused: an API key makes no keys, and raises no limits.
ADMINISTERS = "(SELECT current_setting('taskrunner.administers', true)) = 'on'"
ADMINISTERED = f"{TENANT_ROWS} AND {ADMINISTERS}"
# All of a key but its digest.
KEY = "id, tenant_id, name, role, prefix, scopes, capabilities, created_at, expires_at, last_used_at, revoked_at"

PLATFORM: list[IsolationOperation] = [
    TableRights("taskrunner_queues", client="SELECT", worker="SELECT"),
    TableRights("taskrunner_routes", client="SELECT"),
    TableRights("taskrunner_task_transitions", client="SELECT", operator="SELECT"),
    TenantPolicies(
        "taskrunner_workers",
        worker="SELECT, INSERT, UPDATE (queues, capabilities, heartbeat_at, stopped_at, pause_seen)",
        worker_rows=OWN_ROW,
    ),
    TenantPolicies("taskrunner_clusters"),
    TenantPolicies("taskrunner_worker_stats"),
    TableRights("taskrunner_installation", client="SELECT", worker="SELECT", operator="SELECT"),
    TableRights("taskrunner_used_partitions", operator="SELECT"),
    TableRights("worker_inbox", worker="SELECT", operator=""),
    TableRights("taskrunner_task_history", client="SELECT", operator="SELECT"),
    TableRights("taskrunner_acts", client="SELECT", operator="SELECT"),
    TableRights("taskrunner_audit", operator="SELECT"),
]

TENANTS: list[IsolationOperation] = [
    TenantPolicies("taskrunner_tenants", client="SELECT", client_rows=f"id = {TENANT_ID}"),
    RolePolicy("taskrunner_tenants", "client", "UPDATE (lowered_limits)", f"id = {TENANT_ID} AND {ADMINISTERS}"),
    TenantPolicies("taskrunner_memberships", client="SELECT"),
    RolePolicy("taskrunner_memberships", "client", "INSERT, UPDATE (role, sees_payloads), DELETE", ADMINISTERED),
    TenantPolicies("taskrunner_task_types", client="SELECT, INSERT, UPDATE"),
    TenantPolicies("taskrunner_idempotency_keys", client="SELECT, INSERT, UPDATE"),
    TenantPolicies("taskrunner_dedup_keys", client="SELECT, INSERT, UPDATE"),
    TenantPolicies("taskrunner_api_keys", client=f"SELECT ({KEY})", operator="SELECT, INSERT, UPDATE"),
    # an admin's key reaches all tenants, so it is the platform's own
    RolePolicy("taskrunner_api_keys", "client", "INSERT, UPDATE (revoked_at)", f"{ADMINISTERED} AND role <> 'admin'"),
    # keys and memberships are looked up before a tenant is known, by functions of the owner
    RolePolicy("taskrunner_tenants", "owner", "SELECT", "true"),
    RolePolicy("taskrunner_memberships", "owner", "SELECT", "true"),
    RolePolicy("taskrunner_api_keys", "owner", "SELECT, UPDATE", "true"),
]

# They belong to nobody, but a client sees those that its own tasks opened, which it may have so many of.
OPENED_BY_TENANT = f"opened_by = {TENANT_ID}"

PARTITIONS: list[IsolationOperation] = [
    TenantPolicies(
        "taskrunner_partitions",
        client="SELECT",
        client_rows=OPENED_BY_TENANT,
        worker="SELECT, INSERT, UPDATE (retired_in)",
        worker_rows="true",
    ),
    TenantPolicies(
        "taskrunner_new_partitions",
        client="SELECT",
        client_rows=OPENED_BY_TENANT,
        worker="SELECT, DELETE",
        worker_rows="true",
        operator="SELECT, DELETE",
    ),
    # the triggers on tasks note what has no row
    RolePolicy("taskrunner_partitions", "owner", "SELECT", "true"),
    RolePolicy("taskrunner_new_partitions", "owner", "SELECT, INSERT", "true"),
]

TASKS: list[IsolationOperation] = [
    TenantPolicies(
        "taskrunner_tasks",
        client=f"SELECT, INSERT ({NEW_TASK}), UPDATE ({CLIENT_MOVES})",
        worker=f"SELECT, UPDATE ({WORKER_MOVES})",
        worker_rows=CLAIMABLE,
    ),
    TenantPolicies("taskrunner_task_counts", client="SELECT"),
    TenantPolicies("taskrunner_task_stats", client="SELECT"),
    TenantPolicies("taskrunner_task_deltas", operator="SELECT, DELETE"),
    # the triggers on tasks count
    RolePolicy("taskrunner_task_deltas", "owner", "INSERT", "true"),
]

RECORDS: list[IsolationOperation] = [
    TenantPolicies("taskrunner_task_logs", client="SELECT", operator="SELECT", append_only=True),
    TenantPolicies("taskrunner_security_events", client="SELECT, INSERT", operator="SELECT, INSERT", append_only=True),
    TenantPolicies("taskrunner_operator_actions", client="SELECT, INSERT", operator="SELECT, INSERT", append_only=True),
    # the triggers on tasks write the log; the function that prunes it reads which tasks are gone, and the one that
    # adds a handler's line locks the task that its worker holds
    RolePolicy("taskrunner_task_logs", "owner", "INSERT", "true"),
    RolePolicy("taskrunner_task_logs", "owner", "SELECT, DELETE", SYSTEM_ONLY),
    RolePolicy("taskrunner_tasks", "owner", "SELECT", f"{SYSTEM_ONLY} OR {HELD_BY_CALLER}"),
    RolePolicy("taskrunner_tasks", "owner", "UPDATE", HELD_BY_CALLER),
]

ARTIFACTS: list[IsolationOperation] = [
    TenantPolicies(
        "taskrunner_artifacts",
        client=f"SELECT, INSERT ({ARTIFACT}), DELETE",
        worker="SELECT",
        worker_rows=held_by_worker("taskrunner_artifacts"),
        operator=f"SELECT, INSERT ({ARTIFACT}), DELETE",
    ),
    RolePolicy(
        "taskrunner_artifacts",
        "worker",
        f"INSERT ({ARTIFACT})",
        held_by_worker("taskrunner_artifacts", " AND t.attempt = taskrunner_artifacts.attempt"),
    ),
    TenantPolicies(
        "taskrunner_pending_objects",
        client="SELECT, INSERT (id, tenant_id, task_id, due_at), DELETE",
        worker="SELECT, DELETE",
        worker_rows=held_by_worker("taskrunner_pending_objects"),
        operator="SELECT, INSERT (id, tenant_id, task_id, due_at, taken_at), UPDATE (due_at, taken_at), DELETE",
    ),
    # the trigger on artifacts leaves their objects to the sweep
    RolePolicy("taskrunner_pending_objects", "owner", "INSERT", "true"),
]

# A worker's run is that of the very attempt which it holds, or held last: it ends with the lease, in one transaction.
RUNS: list[IsolationOperation] = [
    TenantPolicies(
        "taskrunner_runs",
        client="SELECT",
        worker="SELECT, INSERT (tenant_id, task_id, attempt, run_key, metadata), UPDATE (status, finished_at)",
        worker_rows=claimed_by_worker("taskrunner_runs", " AND t.attempt = taskrunner_runs.attempt"),
    ),
    TenantPolicies(
        "taskrunner_run_metrics",
        client="SELECT",
        worker="SELECT, INSERT (tenant_id, run_id, task_id, name, value)",
        worker_rows=claimed_by_worker("taskrunner_run_metrics"),
    ),
    TenantPolicies(
        "taskrunner_run_notes",
        client="SELECT",
        worker="SELECT, INSERT (tenant_id, run_id, task_id, type, content)",
        worker_rows=claimed_by_worker("taskrunner_run_notes"),
    ),
]

ERROR_GROUPS: list[IsolationOperation] = [
    TenantPolicies(
        "taskrunner_error_groups",
        client="SELECT, UPDATE (state, ignored_until, resolved_in, note, changed_by, changed_at)",
    ),
    TenantPolicies("taskrunner_error_stats", client="SELECT"),
]

SCHEDULES: list[IsolationOperation] = [
    TenantPolicies("taskrunner_schedules", client="SELECT, INSERT, UPDATE, DELETE"),
    TenantPolicies("taskrunner_schedule_slots", client="SELECT, INSERT"),
]

RIGHTS = [*PLATFORM, *TENANTS, *PARTITIONS, *TASKS, *RECORDS, *ARTIFACTS, *RUNS, *ERROR_GROUPS, *SCHEDULES]
