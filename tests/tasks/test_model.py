"""The life of tasks at random: whatever is done in whatever order, a small model foretells every row, log and count."""

from collections import Counter
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from queueapp import tasks
from queueapp.models import Task, TaskCount, TaskDelta, TaskLog, Tenant
from queueapp.states import FINAL, RETRYABLE, TRANSITIONS, WAITING
from queueapp.tasks.settle import OutcomeKind
from queueapp.tenancy import operator_scope
from tests.database_fixture import empty_everything
from tests.tasks.workers import Worker, expire_lease, make_due

MOVES = {(move.source, move.target) for move in TRANSITIONS}
T = TypeVar("T")
ANY = st.integers(0, 1_000)  # one of those there are, whatever their number


@dataclass
class Expected:
    """What the row of a task should say, and its log."""

    id: UUID
    status: str
    max_retries: int
    story: list[str]
    attempt: int = 0
    failures: int = 0
    crash_count: int = 0
    holder: Worker | None = None
    cancel_requested: bool = False

    def move(self, status: str, holder: Worker | None = None) -> None:
        self.status, self.holder = status, holder
        self.story.append(status)


@dataclass
class Attempt:
    """What a worker was given, be it long ago."""

    worker: Worker
    task: Expected
    number: int

    @property
    def holds(self) -> bool:
        return (self.task.status, self.task.holder, self.task.attempt) == ("leased", self.worker, self.number)


def one_of(number: int, candidates: list[T]) -> T:
    return candidates[number % len(candidates)]


class TaskLives(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        with operator_scope("operator:test"):
            self.tenant = Tenant.objects.create(slug="acme", name="Acme")
        self.workers = [Worker(), Worker()]
        self.attempts: list[Attempt] = []
        self.tasks: list[Expected] = []
        self.submit(later=False, max_retries=1)

    def teardown(self) -> None:
        empty_everything()

    def those(self, *statuses: str) -> list[Expected]:
        return [task for task in self.tasks if task.status in statuses]

    @precondition(lambda self: len(self.tasks) < 5)
    @rule(later=st.booleans(), max_retries=st.integers(0, 2))
    def submit(self, later: bool, max_retries: int) -> None:
        delay = 3600 if later else 0
        task = tasks.submit("echo", tenant_id=self.tenant.id, delay_seconds=delay, max_retries=max_retries)
        status = "scheduled" if later else "queued"
        self.tasks.append(Expected(task.id, status, max_retries, [status]))

    @precondition(lambda self: self.those("queued"))
    @rule(which=st.integers(0, 1))
    def claim(self, which: int) -> None:
        worker = self.workers[which]
        claimed = worker.claim()
        (task,) = (task for task in self.those("queued") if task.id == claimed.id)
        task.attempt += 1
        task.move("leased", worker)
        assert claimed.attempt == task.attempt
        self.attempts.append(Attempt(worker, task, claimed.attempt))

    @precondition(lambda self: self.attempts)
    @rule(kind=st.sampled_from(OutcomeKind))
    def settle_the_latest(self, kind: OutcomeKind) -> None:
        self.settle(len(self.attempts) - 1, kind)

    @precondition(lambda self: self.attempts)
    @rule(any_one=ANY, kind=st.sampled_from(OutcomeKind))
    def settle(self, any_one: int, kind: OutcomeKind) -> None:
        attempt = one_of(any_one, self.attempts)
        task, held = attempt.task, attempt.holds
        answer = attempt.worker.settle(task.id, attempt.number, kind, retry_seconds=3600)
        if not held:
            assert answer is None
            return
        task.failures += kind in (OutcomeKind.ERROR, OutcomeKind.PERMANENT)
        ends = {
            OutcomeKind.COMPLETED: "completed",
            OutcomeKind.CANCELLED: "cancelled",
            OutcomeKind.RELEASED: "cancelled" if task.cancel_requested else "queued",
            OutcomeKind.LATER: "cancelled" if task.cancel_requested else "scheduled",
            OutcomeKind.PERMANENT: "dead_letter",
            OutcomeKind.ERROR: "dead_letter" if task.failures > task.max_retries else "failed",
        }
        if kind == OutcomeKind.ERROR and task.cancel_requested:
            ends[kind] = "cancelled"  # nobody wants the next try
        task.move(ends[kind])
        assert answer == task.status

    def never_cancelled(self) -> list[Expected]:
        return [task for task in self.those("leased", *WAITING) if "cancelled" not in task.story]

    @precondition(lambda self: self.never_cancelled())  # once a task: else little but cancel and retry is drawn
    @rule(any_one=ANY)
    def cancel(self, any_one: int) -> None:
        task = one_of(any_one, self.never_cancelled())
        tasks.cancel(task.id, tenant_id=self.tenant.id)
        task.cancel_requested = True
        if task.status != "leased":
            task.move("cancelled")

    @precondition(lambda self: self.those(*RETRYABLE))
    @rule(any_one=ANY)
    def retry(self, any_one: int) -> None:
        task = one_of(any_one, self.those(*RETRYABLE))
        tasks.retry(task.id, tenant_id=self.tenant.id)
        task.failures = task.crash_count = 0
        task.cancel_requested = False
        task.move("queued")

    @precondition(lambda self: self.those("leased"))
    @rule(any_one=ANY)
    def lose_a_worker(self, any_one: int) -> None:
        task = one_of(any_one, self.those("leased"))
        expire_lease(task.id)
        task.crash_count += 1
        task.move("cancelled" if task.cancel_requested else "dead_letter" if task.crash_count == 3 else "queued")

    @precondition(lambda self: self.those("scheduled", "failed"))
    @rule(any_one=ANY)
    def come_due(self, any_one: int) -> None:
        task = one_of(any_one, self.those("scheduled", "failed"))
        make_due(task.id)
        task.move("queued")

    @invariant()
    def all_is_as_foretold(self) -> None:
        with operator_scope("operator:test"):
            self.rows_match()
            self.every_move_is_legal_and_logged_once()
            self.counts_add_up()

    def rows_match(self) -> None:
        rows = {row.id: row for row in Task.objects.all()}
        assert rows.keys() == {task.id for task in self.tasks}
        for task in self.tasks:
            row = rows[task.id]
            assert row.status == task.status
            assert (row.attempt, row.failures, row.crash_count) == (task.attempt, task.failures, task.crash_count)
            assert (row.finished_at is not None) is (row.status in FINAL)
            assert (row.lease_expires_at is not None) is (row.status == "leased")
            assert task.holder is None or row.worker_id == task.holder.id
            assert (row.cancel_requested_at is not None) is task.cancel_requested

    def every_move_is_legal_and_logged_once(self) -> None:
        told: dict[UUID, list[str]] = {task.id: [] for task in self.tasks}
        for log in TaskLog.objects.filter(kind="transition").order_by("id"):
            story = told[log.task_id]
            assert log.from_status == (story[-1] if story else None)
            assert (log.from_status, log.to_status) in MOVES
            story.append(log.to_status)
        assert told == {task.id: task.story for task in self.tasks}

    def counts_add_up(self) -> None:
        counts: Counter = Counter()
        for status, number in TaskCount.objects.values_list("status", "tasks"):
            counts[status] += number
        for delta in TaskDelta.objects.all():
            counts[delta.to_status] += delta.moves
            counts[delta.from_status] -= delta.moves
        del counts[None]  # where new tasks come from
        assert +counts == Counter(task.status for task in self.tasks)


def test_any_sequence_of_deeds(clean_database):
    run_state_machine_as_test(
        TaskLives, settings=settings(max_examples=20, stateful_step_count=40, deadline=None, derandomize=True)
    )
