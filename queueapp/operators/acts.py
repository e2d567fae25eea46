"""The record of what people did to things of a tenant: beside what operators do, also where its own people do it."""

import json
from typing import Any
from uuid import UUID

from queueapp.db import statements
from queueapp.redaction import masked, masked_text
from queueapp.tenancy import current_scope


def record_act(tenant_id: UUID, action: str, target: str, **detail: Any) -> None:
    """Note what the scope's actor did, without secrets, in the same transaction. Needs a scope."""
    scope = current_scope()
    act = {
        "tenant_id": tenant_id,
        "actor": scope.actor if scope else "",
        "action": action,
        "target": masked_text(target),
        "detail": json.dumps(masked(detail), default=str),
    }
    statements.rows("record_act", act)
