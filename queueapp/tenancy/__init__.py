"""Who the database thinks we are: binding (a variable), scopes (short transactions), and what guards them.

Nothing outside this package sends SET ROLE or set_config.
"""

from queueapp.tenancy.scopes import (
    Scope,
    administrator_scope,
    bind_tenant,
    bind_tenant_of_context,
    bound_tenant,
    current_scope,
    ensure_scope,
    one_statement_scope,
    operator_scope,
    system_scope,
    tenant_scope,
    worker_scope,
    worker_statement,
)

__all__ = [
    "Scope",
    "administrator_scope",
    "bind_tenant",
    "bind_tenant_of_context",
    "bound_tenant",
    "current_scope",
    "ensure_scope",
    "one_statement_scope",
    "operator_scope",
    "system_scope",
    "tenant_scope",
    "worker_scope",
    "worker_statement",
]
