"""The attempt that an HTTP worker holds: renewed, logged, and ended."""

from datetime import datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from queueapp import clock
from queueapp.errors import FieldError, LeaseLost
from queueapp.models import Task
from queueapp.redaction import masked
from queueapp.rest.toolkit.errors import Conflict, InvalidRequest, NotVisible
from queueapp.rest.toolkit.permissions import Principal
from queueapp.rest.worker_api.registration import record_heartbeat, worker_id_of
from queueapp.rest.worker_api.schemas import (
    FailRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    LeaseRequest,
    LogLineRequest,
    SettledResponse,
)
from queueapp.retry_policy import retry_delay_seconds
from queueapp.states import Status
from queueapp.tasks.declared_types import TypeFinder
from queueapp.tasks.failure_log import log_failure
from queueapp.tasks.leases import append_log, log_line, renew
from queueapp.tasks.settle import Outcome, OutcomeKind, completed, failed, settle
from queueapp.tenancy import worker_scope


class RanTooLong(Conflict):
    """The attempt passed the task's hard limit: it was settled as a failure."""

    code = "task_runtime_exceeded"


class HeldAttempt:
    """An attempt as its lease token names it. Every verb is refused once the lease is lost."""

    def __init__(self, principal: Principal, task_id: UUID, lease: LeaseRequest) -> None:
        self._principal = principal
        self._task_id = task_id
        self.attempt = lease.attempt
        self.worker_id = worker_id_of(principal, lease.worker)

    def heartbeat(self, body: HeartbeatRequest) -> HeartbeatResponse:
        """Renew the lease. Raises RanTooLong beyond the hard limit, which nobody else would enforce."""
        progress = masked(body.progress.model_dump(), self.task().secrets) if body.progress else None
        record_heartbeat(self.worker_id)
        with worker_scope(self.worker_id):
            cancelled = renew(self.worker_id, {(self._task_id, self.attempt): progress}, renew=True)
            task = self._read()
        if task is None or task.id not in cancelled:
            self.refuse()
        if clock.now() > _hard_limit(task):
            message = f"Ran for longer than its limit of {task.timeout_seconds} s."
            self._fail(task, OutcomeKind.ERROR, "task_runtime_exceeded", message, self._delay(task))
            raise RanTooLong(f"{message} Stop: this attempt was settled as a failure.")
        return HeartbeatResponse(cancel_requested=cancelled[task.id], lease_expires_at=task.lease_expires_at)

    def log(self, body: LogLineRequest) -> None:
        """Raises InvalidRequest for a line that is too long."""
        task = self.task()
        try:
            line = log_line(body.level, body.message, body.detail, task.secrets)
        except ValueError as error:
            raise InvalidRequest(str(error), errors=[FieldError("detail", "too_long", str(error))]) from None
        if not append_log(self.worker_id, (self._task_id, self.attempt), line):
            self.refuse()

    def complete(self, result: Any) -> SettledResponse:
        """Raises InvalidRequest for a result that cannot be kept; the lease lives on."""
        outcome = completed(self._task_id, self.attempt, result, run_seconds=None)
        if outcome.kind is not OutcomeKind.COMPLETED:
            raise InvalidRequest(
                f"{outcome.error_message}; nothing was settled.",
                errors=[FieldError("result", outcome.error_code, outcome.error_message)],
            )
        return self._settle(outcome)

    def fail(self, body: FailRequest) -> SettledResponse:
        task = self.task()
        kind = OutcomeKind.ERROR if body.retryable else OutcomeKind.PERMANENT
        delay = body.retry_after_seconds if body.retry_after_seconds is not None else self._delay(task)
        return self._fail(task, kind, body.code, body.message, delay)

    def release(self) -> SettledResponse:
        """Hand the task back. One whose cancel was asked for is thereby cancelled."""
        return self._settle(Outcome(self._task_id, self.attempt, OutcomeKind.RELEASED))

    def task(self) -> Task:
        """The task, while this attempt holds it. Raises NotVisible, LeaseLost."""
        with worker_scope(self.worker_id):
            task = self._read()
        if task is None:
            self.refuse()
        return task

    def _fail(self, task: Task, kind: OutcomeKind, code: str, message: str, delay: float) -> SettledResponse:
        outcome = failed(task.id, self.attempt, kind, code, message, delay, run_seconds=None, known=task.secrets)
        settled = self._settle(outcome)
        log_failure(task, settled.status, outcome.error_code, outcome.error_message)
        return settled

    def _settle(self, outcome: Outcome) -> SettledResponse:
        status = settle(self.worker_id, [outcome]).get(self._task_id)
        if status is None:
            self.refuse()
        return SettledResponse(id=self._task_id, status=status)

    def _read(self) -> Task | None:
        held = Task.objects.filter(worker_id=self.worker_id, attempt=self.attempt, status=Status.LEASED)
        return held.filter(id=self._task_id).first()

    def _delay(self, task: Task) -> float:
        rules = TypeFinder(self._principal.tenant_id).find(task.type)
        failures = task.failures + 1
        return rules.retry_delay(failures) if rules else retry_delay_seconds(failures)

    def refuse(self) -> NoReturn:
        """Raises NotVisible for a task that is not the tenant's, LeaseLost for one that this attempt does not hold."""
        with self._principal.own_scope():
            if not Task.objects.filter(tenant_id=self._principal.tenant_id, id=self._task_id).exists():
                raise NotVisible
        raise LeaseLost(self._task_id, self.attempt)


def _hard_limit(task: Task) -> datetime:
    return (task.started_at or task.created_at) + timedelta(seconds=task.timeout_seconds)
