"""The record of what was done to schedules."""

from typing import Any

from queueapp.models import Schedule
from queueapp.operators.acts import record_act


def record(schedule: Schedule, verb: str, **detail: Any) -> None:
    """Note what the scope's actor did, without secrets, in the same transaction. Needs a scope."""
    record_act(schedule.tenant_id, f"schedule.{verb}", schedule.name, **detail)
