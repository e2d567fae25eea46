"""Draining: every task that is ready is claimed, run and settled, here and now."""

import time
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from django.db import OperationalError
from django.db.models import F
from django.db.models.functions import Least

from queueapp.claiming import Capabilities, Claimed, Claimer
from queueapp.handlers import get_handler
from queueapp.maintenance.expired_tasks import CancelExpired
from queueapp.maintenance.jobs import PromoteDue
from queueapp.models import Task
from queueapp.models.base import Now, new_id
from queueapp.states import Status
from queueapp.tasks.attempt import Attempt
from queueapp.tasks.deaths import Ending, end_worker
from queueapp.tasks.leases import renew
from queueapp.tasks.settle import Outcome
from queueapp.tenancy import operator_scope, system_scope
from queueapp.testing.faults import Faults, WorkerKilled
from queueapp.testing.inline import InlineExecutor

MOST_ATTEMPTS = 10_000


@dataclass
class Drained:
    """What a drain ran: the tasks as they are after it, in the order in which each was first started."""

    tasks: list[Task] = field(default_factory=list)

    def count(self, status: str) -> int:
        """How many of them have this status now."""
        return Counter(task.status for task in self.tasks)[status]

    @property
    def completed(self) -> int:
        return self.count(Status.COMPLETED)

    @property
    def failed(self) -> int:
        """Those that wait for their next try."""
        return self.count(Status.FAILED)

    @property
    def dead_letters(self) -> int:
        return self.count(Status.DEAD_LETTER)


class Drainer:
    """One worker that lives as long as the call; where it is killed, another takes its place."""

    def __init__(self, queue: str | None, faults: Faults) -> None:
        self._queue = queue
        self._faults = faults
        self._ran: dict[UUID, None] = {}  # in the order of their first attempts
        self._attempts = 0
        self._start_worker()

    def drain(self, *, with_scheduled: bool, with_retries: bool) -> Drained:
        """Raises RuntimeError after 10,000 attempts, as where tasks submit each other for ever."""
        brought_forward = [Status.SCHEDULED] * with_scheduled + [Status.FAILED] * with_retries
        while True:
            self._move_what_is_due(brought_forward)
            self._claimer.forget()  # or it would look for what is new only every so often
            if not (claimed := self._claimer.claim()):
                break
            self._run_batch(claimed)
        with operator_scope("operator:test"):
            found = Task.objects.in_bulk(list(self._ran))
        return Drained([found[id] for id in self._ran if id in found])

    def _start_worker(self) -> None:
        self._worker_id = new_id()
        self._claimer = Claimer(self._worker_id, Capabilities(None if self._queue is None else (self._queue,)))
        self._executor = InlineExecutor(self._faults)

    def _move_what_is_due(self, brought_forward: list[Status]) -> None:
        with system_scope("maintenance"):
            if brought_forward:
                waiting = Task.objects.filter(status__in=brought_forward)
                if self._queue is not None:
                    waiting = waiting.filter(queue=self._queue)
                waiting.update(run_at=Least(F("run_at"), Now()))
            for job in (CancelExpired(), PromoteDue()):
                job()

    def _run_batch(self, claimed: list[Claimed]) -> None:
        for task in claimed:
            attempt = Attempt(task, self._worker_id, get_handler(task.type))
            try:
                self._run(attempt)
            except WorkerKilled:
                # as its supervisor sees to: what it had not started goes back, and its task gets a crash
                end_worker(self._worker_id, blamed=attempt.key, ending=Ending.CRASHED)
                self._start_worker()
                return

    def _run(self, attempt: Attempt) -> None:
        self._attempts += 1
        if self._attempts > MOST_ATTEMPTS:
            raise RuntimeError(f"A drain runs at most {MOST_ATTEMPTS:,} attempts; the last was of {attempt.task.type}.")
        self._ran[attempt.task.id] = None
        attempt.started = time.monotonic()
        outcome = self._executor.execute(attempt)
        if attempt.progress:
            renew(self._worker_id, {attempt.key: attempt.progress}, renew=False)
        if outcome is not None:
            self._settle(attempt, outcome)
        self._faults.end(attempt)
        with self._faults.around("rest", attempt):
            pass

    def _settle(self, attempt: Attempt, outcome: Outcome) -> None:
        try:
            self._executor.settle(attempt, outcome)
        except OperationalError:
            self._executor.settle(attempt, outcome)  # a worker keeps what it could not store, and tries again
