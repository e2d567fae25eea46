"""Who may do what with the configuration, which belongs to no tenant. Read by migrations/0001_initial.py.

Operators read everything and submit changes; they cannot apply any. The transactional handlers of tenant `system`,
which run in a client's role, apply them. No other tenant's scope finds a row, whatever it sends.
"""

from queueapp.db.audit import AuditedTable
from queueapp.db.operations import IsolationOperation, RolePolicy, TenantPolicies

OF_SYSTEM = (
    "EXISTS (SELECT FROM taskrunner_tenants WHERE slug = 'system'"
    " AND id = nullif(current_setting('taskrunner.tenant_id', true), '')::uuid)"
)

AUDITED = AuditedTable(
    "taskrunner_config_audit",
    "id, at, NULL::uuid, 'configuration', actor::text, action::text, config_key::text,"
    " jsonb_build_object('status', status,"
    " 'reason', reason, 'detail', detail, 'old_value', old_value, 'new_value', new_value, 'version', version,"
    " 'task_id', task_id)",
)

RIGHTS: list[IsolationOperation] = [
    TenantPolicies("system_config", client="SELECT", client_rows=OF_SYSTEM, operator="SELECT"),
    TenantPolicies(
        "taskrunner_config_changes",
        client="SELECT, UPDATE (status, version, applied_by, finished_at)",
        client_rows=OF_SYSTEM,
        operator="SELECT, INSERT",
    ),
    TenantPolicies(
        "taskrunner_config_versions",
        client="SELECT, INSERT",
        client_rows=OF_SYSTEM,
        operator="SELECT",
        append_only=True,
    ),
    TenantPolicies(
        "taskrunner_config_audit",
        client="SELECT, INSERT",
        client_rows=OF_SYSTEM,
        operator="SELECT, INSERT",
        append_only=True,
    ),
    TenantPolicies("taskrunner_config_secrets", operator="SELECT, INSERT, UPDATE (token, encrypted_at)"),
    TenantPolicies("taskrunner_config_keys"),
    TenantPolicies("taskrunner_config_epoch", operator="SELECT"),
    # the triggers write as the owner
    *(
        RolePolicy(table, "owner", "SELECT, INSERT, UPDATE, DELETE", "true")
        for table in ("system_config", "taskrunner_config_epoch", "taskrunner_config_changes")
    ),
    RolePolicy("taskrunner_config_audit", "owner", "INSERT", "true"),
]
