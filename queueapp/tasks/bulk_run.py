"""Carrying out a bulk operation: in short transactions, each of which also keeps how far it has come.

That is kept as the result of its task: a kill loses and repeats nothing, and what was stopped still says what it did.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef
from pydantic import BaseModel

from queueapp import clock
from queueapp.errors import ContinueLater, LeaseLost
from queueapp.models import Task, TaskLogRow
from queueapp.models.base import Now
from queueapp.models.tasks import TaskQuerySet
from queueapp.states import Status
from queueapp.tasks.bulk import RUNS_AGAIN, BulkParams, apply, concerned
from queueapp.tasks.transitions import TransitionResult
from queueapp.tenancy import Scope, tenant_scope

BATCH = 500
OF_THE_LAST_END = ("status", "state", "error_fingerprint", "error_code")
MOST_FAILED_AGAIN = 10_000
LONGEST_WAIT = timedelta(days=1)


class FirstTried(BaseModel):
    """The tasks that are tried before the others, and what has come of them."""

    tasks: list[UUID]
    at: datetime
    succeeded: int = 0
    failed: int = 0
    decided: bool = False


class BulkResult(BaseModel):
    """How far a bulk operation is. `refused` counts by reason, `failed_again` up to 10,000 tasks.

    `reached` is the oldest task that it has come to: it goes from the newest to the oldest.
    """

    total: int
    changed: int = 0
    refused: dict[str, int] = {}
    failed_again: int = 0
    tried_first: FirstTried | None = None
    stopped_because: str | None = None
    reached: UUID | None = None

    def add(self, outcomes: list[TransitionResult]) -> None:
        """What became of the next tasks."""
        refused = Counter(outcome.reason for outcome in outcomes if not outcome.done)
        self.changed += len(outcomes) - refused.total()
        self.refused = dict(Counter(self.refused) + refused)
        self.reached = outcomes[-1].task_id if outcomes else self.reached

    @property
    def progress(self) -> dict[str, Any]:
        """As a task shows it."""
        done = self.changed + sum(self.refused.values())
        message = f"{self.changed} of {self.total} tasks changed"
        first = self.tried_first
        if first is not None and not first.decided:
            under_way = len(first.tasks) - first.succeeded - first.failed
            message += f"; of these {first.succeeded} succeeded, {first.failed} failed, {under_way} have not ended"
        return {"fraction": round(min(1.0, done / max(1, self.total)), 4), "message": message}


class BulkRun:
    """One attempt at a bulk operation."""

    def __init__(self, key: tuple[UUID, int], tenant_id: UUID, params: BulkParams, log: Callable[[str], None]) -> None:
        """`key` is its own task and attempt; what was made or failed later than that task is left alone."""
        self._key, self._tenant_id, self._log = key, tenant_id, log
        self._actor = f"client:task:{key[0]}"
        with self._scope():
            made = Task.objects.values_list("created_at", flat=True).get(id=key[0])
            self._as_of = min(params.as_of or made, made)
            self._params = params.model_copy(update={"as_of": self._as_of})
            self._result = self._kept() or BulkResult(total=self._before(key[0]).count())

    def step(self) -> bool:
        """Apply the verb to the next tasks; whether there may be more.

        Raises ContinueLater while those tried first have not ended, LeaseLost where another attempt may be at work.
        """
        first = self._result.tried_first
        if first is not None and not first.decided:
            self._decide(first)
        if self._result.stopped_because:
            return False
        if self._params.try_first is not None and first is None:
            return self._try_first(self._params.try_first)
        return len(self._apply(BATCH)) == BATCH

    def conclude(self) -> dict[str, Any]:
        """What has come of it, kept as it is returned: at its end, or where it was stopped."""
        with self._scope():
            self._result = self._kept() or self._result  # the last step may have been undone
            if self._params.verb in RUNS_AGAIN:
                self._result.failed_again = self._failed_again()
            self._keep()
        result = self._result
        refused = sum(result.refused.values())
        self._log(f"{self._params.verb}: {result.changed} tasks changed, {refused} refused")
        return result.model_dump(mode="json")

    def _try_first(self, wanted: int) -> bool:
        found = self._apply(wanted, are_first=True)
        if len(found) < wanted:
            return False
        self._log(f"{wanted} tasks are tried first; the others follow unless more than {self._params.may_fail} fail")
        return True

    def _apply(self, most: int, *, are_first: bool = False) -> list[UUID]:
        with self._scope():
            left = self._before(self._result.reached or self._key[0])
            ids = list(left.order_by("-id").values_list("id", flat=True)[:most])
            outcomes = apply(self._params, ids)
            self._result.add(outcomes)
            if are_first:
                tasks = [outcome.task_id for outcome in outcomes if outcome.done]
                self._result.tried_first = FirstTried(tasks=tasks, at=clock.now(), decided=len(ids) < most)
            self._keep()
        return ids

    def _decide(self, first: FirstTried) -> None:
        """Whether the others follow, which is kept. Raises ContinueLater while nobody can tell."""
        waited = clock.now() - first.at
        with self._scope():
            statuses = Counter(Task.objects.filter(id__in=first.tasks).values_list("status", flat=True))
            first.succeeded = statuses[Status.COMPLETED]
            first.failed = statuses[Status.DEAD_LETTER] + statuses[Status.CANCELLED]
            have_ended = first.succeeded + first.failed == statuses.total()  # some may be deleted by now
            came_of_them = f"of {len(first.tasks)} tried first {first.succeeded} succeeded and {first.failed} failed"
            if first.failed > self._params.may_fail:
                self._result.stopped_because = came_of_them
            elif not have_ended and waited > LONGEST_WAIT:
                self._result.stopped_because = f"{came_of_them}; the rest had not ended a day later"
            is_enough = first.succeeded >= len(first.tasks) - self._params.may_fail
            first.decided = have_ended or is_enough or self._result.stopped_because is not None
            self._keep()
        if not first.decided:  # the longer it takes, the less often it is looked at
            raise ContinueLater(min(60.0, max(1.0, waited.total_seconds() / 5)))
        self._log(f"{came_of_them}: {'it stops' if self._result.stopped_because else 'the others follow'}")

    def _before(self, task_id: UUID) -> TaskQuerySet:
        return concerned(self._params, self._tenant_id).filter(id__lt=task_id)

    def _failed_again(self) -> int:
        """How many of those it queued have failed since, and not been queued once more."""
        # in whichever way they fail now
        anywhere = self._params.filter.model_copy(update=dict.fromkeys(OF_THE_LAST_END))
        tasks = anywhere.narrow(Task.objects.filter(tenant_id=self._tenant_id))
        failed = tasks.filter(
            status__in=(Status.FAILED, Status.DEAD_LETTER),
            updated_at__gt=self._as_of,
            id__gte=self._result.reached or self._key[0],
            id__lt=self._key[0],
        )
        queued_by_it = TaskLogRow.objects.filter(task_id=OuterRef("pk"), actor=self._actor)
        return failed.filter(Exists(queued_by_it)).order_by()[:MOST_FAILED_AGAIN].count()

    def _scope(self) -> AbstractContextManager[Scope]:
        return tenant_scope(self._tenant_id, actor=self._actor)

    def _kept(self) -> BulkResult | None:
        document = Task.objects.values_list("result", flat=True).get(id=self._key[0])
        return BulkResult.model_validate(document) if document else None

    def _keep(self) -> None:
        """Behind the tasks that it changes, so that rows are locked in the order that all others lock them in.

        Raises LeaseLost, which undoes what was changed with it.
        """
        task_id, attempt = self._key
        held = Task.objects.filter(id=task_id, attempt=attempt, lease_expires_at__isnull=False)
        document = self._result.model_dump(mode="json")
        if not held.update(result=document, progress=self._result.progress, updated_at=Now()):
            raise LeaseLost(task_id, attempt)
