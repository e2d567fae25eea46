"""The fence: only the attempt that holds a task writes its outcome, and each outcome counts what it should."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from queueapp import tasks
from queueapp.models import TaskDelta, TaskLog
from queueapp.models.base import new_id
from queueapp.tasks.leases import append_log, log_line
from queueapp.tasks.settle import Outcome, OutcomeKind, settle
from queueapp.tenancy import operator_scope
from tests.factories import fresh
from tests.tasks.workers import Worker, expire_lease, make_due


@pytest.fixture
def worker(clean_database):
    return Worker()


@pytest.fixture
def claimed(worker, make_task):
    """A task that the worker holds as its first attempt, with one retry."""
    task = make_task("queued", max_retries=1)
    assert worker.claim().id == task.id
    return task


def counters(task):
    row = fresh(task)
    return row.status, row.attempt, row.failures, row.crash_count


@pytest.mark.parametrize(
    ("kind", "status", "failures"),
    [
        (OutcomeKind.COMPLETED, "completed", 0),
        (OutcomeKind.ERROR, "failed", 1),
        (OutcomeKind.PERMANENT, "dead_letter", 1),
        (OutcomeKind.CANCELLED, "cancelled", 0),
        (OutcomeKind.RELEASED, "queued", 0),
    ],
)
def test_each_outcome_has_its_status_and_counts_failures_only(worker, claimed, kind, status, failures):
    assert worker.settle(claimed.id, 1, kind) == status
    assert counters(claimed) == (status, 1, failures, 0)
    assert (fresh(claimed).lease_expires_at, fresh(claimed).finished_at is None) == (
        None,
        status in ("failed", "queued"),
    )


def test_handing_back_a_task_that_was_to_stop_cancels_it(worker, claimed):
    tasks.cancel(claimed.id, tenant_id=claimed.tenant_id)
    assert worker.settle(claimed.id, 1, OutcomeKind.RELEASED) == "cancelled"


@pytest.mark.parametrize("kind", OutcomeKind)
def test_an_attempt_settles_once(worker, claimed, kind):
    worker.settle(claimed.id, 1, OutcomeKind.COMPLETED, result='{"n": 1}')
    before = fresh(claimed)
    assert worker.settle(claimed.id, 1, kind, result='{"n": 2}') is None
    assert (fresh(claimed).result, fresh(claimed).updated_at) == ({"n": 1}, before.updated_at)


@pytest.mark.parametrize("kind", OutcomeKind)
def test_another_worker_settles_nothing(claimed, kind):
    assert Worker().settle(claimed.id, 1, kind) is None
    assert counters(claimed) == ("leased", 1, 0, 0)


@pytest.mark.parametrize("kind", OutcomeKind)
def test_a_worker_that_lost_its_lease_settles_nothing(worker, claimed, kind):
    expire_lease(claimed.id)
    assert worker.settle(claimed.id, 1, kind) is None
    assert counters(claimed) == ("queued", 1, 0, 1)


@pytest.mark.parametrize("kind", OutcomeKind)
@pytest.mark.parametrize("successor", ["itself", "another"])
def test_an_old_attempt_settles_nothing_while_a_new_one_runs(worker, claimed, kind, successor):
    """Also where the same worker has claimed the task again: the attempt is the fence, not the worker."""
    expire_lease(claimed.id)
    holder = worker if successor == "itself" else Worker()
    assert holder.claim().attempt == 2
    assert worker.settle(claimed.id, 1, kind) is None
    assert counters(claimed) == ("leased", 2, 0, 1)
    assert holder.settle(claimed.id, 2, OutcomeKind.COMPLETED) == "completed"


def test_a_set_settles_what_it_holds_and_leaves_the_rest(worker, make_task):
    mine = [make_task("leased", worker_id=worker.id) for _ in range(3)]
    theirs = make_task("leased")
    outcomes = [Outcome(task.id, 1, OutcomeKind.COMPLETED) for task in [*mine, theirs]]
    outcomes += [Outcome(new_id(), 1, OutcomeKind.COMPLETED), Outcome(mine[0].id, 2, OutcomeKind.COMPLETED)]
    assert settle(worker.id, outcomes) == {task.id: "completed" for task in mine}
    assert fresh(theirs).status == "leased"
    assert settle(worker.id, []) == {}


OF_ITS_OWN = {"id", "ready_seq", "created_at", "updated_at", "run_at", "started_at", "lease_expires_at", "finished_at"}


def as_stored(task):
    """The row and its history, without what differs between any two tasks; times as whether they are there."""
    row = fresh(task)
    columns = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    told = {name: value is not None if name in OF_ITS_OWN else value for name, value in columns.items()}
    told["took its lease's time"] = told.pop("run_seconds") > 60
    with operator_scope("operator:test"):
        last = TaskLog.objects.filter(task_id=task.id, kind="transition").latest("at")
        counted = set(TaskDelta.objects.filter(from_status="leased").values_list("to_status", "moves"))
    return told, (last.from_status, last.to_status, last.attempt, last.actor, last.reason, last.level), counted


@pytest.mark.parametrize("run_seconds", [0.5, None])
@pytest.mark.parametrize("result", [None, '{"n": [1, "é"]}'])
def test_a_task_that_completes_alone_is_stored_as_in_a_batch(worker, make_task, result, run_seconds):
    """By a statement of its own. Both have failed before, and both leases were given two minutes ago."""
    earlier = {"worker_id": worker.id, "failures": 1, "error_code": "boom", "error_message": "no"}
    earlier |= {
        "error_detail": {"exception_class": "Boom", "traceback": "…"},
        "started_at": Now() - timedelta(seconds=120),
    }
    alone, *batch = [make_task("leased", **earlier) for _ in range(3)]
    stored = []
    for group in ([alone], batch):
        with operator_scope("operator:test"):
            TaskDelta.objects.all().delete()
        done = [Outcome(each.id, 1, OutcomeKind.COMPLETED, result, run_seconds=run_seconds) for each in group]
        assert settle(worker.id, done) == {each.id: "completed" for each in group}
        stored.append(as_stored(group[0]))
    (told, logged, counted), (told_in_batch, logged_in_batch, counted_in_batch) = stored
    assert (told, logged) == (told_in_batch, logged_in_batch)
    assert (counted, counted_in_batch) == ({("completed", 1)}, {("completed", 2)})


def test_errors_use_up_the_retries_and_then_the_task_is_dead(worker, claimed):
    assert (
        worker.settle(claimed.id, 1, OutcomeKind.ERROR, error_code="boom", error_message="no", retry_seconds=60)
        == "failed"
    )
    assert worker.claim() is None
    make_due(claimed.id)
    assert worker.claim().attempt == 2
    assert worker.settle(claimed.id, 2, OutcomeKind.ERROR, error_code="boom", error_message="again") == "dead_letter"
    assert counters(claimed) == ("dead_letter", 2, 2, 0)
    assert (fresh(claimed).error_code, fresh(claimed).error_message) == ("boom", "again")


def test_lost_workers_burn_no_retry_and_the_third_ends_the_task(make_task):
    task = make_task("queued", max_retries=0)
    for crash in (1, 2, 3):
        assert Worker().claim().attempt == crash
        expire_lease(task.id)
        assert counters(task) == ("queued" if crash < 3 else "dead_letter", crash, 0, crash)
    assert fresh(task).error_code == "worker_crashed"
    tasks.retry(task.id, tenant_id=task.tenant_id)
    assert counters(task) == ("queued", 3, 0, 0)
    assert Worker().claim().attempt == 4


def test_a_cancelled_task_whose_worker_is_gone_ends_when_its_lease_does(worker, claimed):
    assert tasks.cancel(claimed.id, tenant_id=claimed.tenant_id).status == "leased"
    expire_lease(claimed.id)
    assert fresh(claimed).status == "cancelled"


def test_a_line_with_what_postgresql_cannot_keep_is_kept_all_the_same(worker, claimed):
    assert append_log(worker.id, (claimed.id, 1), log_line("info", "a\x00b \ud800 é", {}))
    with operator_scope("operator:test"):
        assert TaskLog.objects.get(task_id=claimed.id, kind="log").message == "a\\0b ? é"
