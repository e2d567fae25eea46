"""The record of what was done to schedules: beside what operators do, also where a tenant does it to its own."""

import json
from typing import Any

from queueapp.db import statements
from queueapp.models import Schedule
from queueapp.redaction import masked, masked_text
from queueapp.tenancy import current_scope


def record(schedule: Schedule, verb: str, **detail: Any) -> None:
    """Note what the scope's actor did, without secrets, in the same transaction. Needs a scope."""
    scope = current_scope()
    act = {
        "tenant_id": schedule.tenant_id,
        "actor": scope.actor if scope else "",
        "action": f"schedule.{verb}",
        "target": masked_text(schedule.name),
        "detail": json.dumps(masked(detail), default=str),
    }
    statements.rows("record_act", act)
