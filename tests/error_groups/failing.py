"""Tasks that fail as a test says, and what was counted of them."""

import traceback
from uuid import UUID

from queueapp import maintenance, tasks
from queueapp.models import ErrorGroup, Task
from queueapp.tasks.settle import OutcomeKind, failed, settle
from queueapp.tenancy import operator_scope
from queueapp.worker.failures import class_path
from tests.tasks.workers import Worker


def fail(tenant, *messages, kind=OutcomeKind.PERMANENT, code="ValueError", error=None, worker=None) -> list[UUID]:
    """Tasks of the tenant that failed, one with each message. Nothing is counted yet."""
    worker = worker or Worker()
    ids = tasks.submit_many([{"type": "echo"} for _ in messages], tenant_id=tenant.id)
    outcomes = []
    for message in messages:
        claimed = worker.claim()
        outcome = failed(claimed.id, claimed.attempt, kind, code, message)
        if error is not None:
            text = "".join(traceback.format_exception(error))
            outcome.error_detail = {"exception_class": class_path(error), "traceback": text}
        outcomes.append(outcome)
    settle(worker.id, outcomes)
    return ids


def fold() -> dict[str, int]:
    return maintenance.run_once()


def groups(**wanted) -> list[ErrorGroup]:
    with operator_scope("operator:test"):
        return list(ErrorGroup.objects.select_related("tenant").filter(**wanted).order_by("id"))


def fingerprint_of(task_id: UUID) -> str | None:
    with operator_scope("operator:test"):
        return Task.objects.get(id=task_id).error_fingerprint
