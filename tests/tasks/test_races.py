"""Races over one task or one key: whoever comes second finds what the first has done, and nothing is done twice."""

from datetime import UTC, datetime

import pytest

from queueapp import tasks
from queueapp.errors import WrongState
from queueapp.maintenance.expiry import ExpireLeases
from queueapp.maintenance.recent_rows import EVER_SECONDS
from queueapp.models import DedupKey, Task, TaskLog
from queueapp.tasks.settle import OutcomeKind
from queueapp.tenancy import operator_scope, system_scope
from tests.factories import fresh
from tests.tasks.staging import in_turn, meanwhile
from tests.tasks.workers import Worker


def verb(function, task):
    return lambda: function(task.id, tenant_id=task.tenant_id)


def story(task):
    with operator_scope("operator:test"):
        return list(TaskLog.objects.filter(task_id=task.id).values_list("to_status", flat=True))


def expire_leases():
    with system_scope("maintenance"):
        return ExpireLeases().run_batch(EVER_SECONDS)


@pytest.fixture
def worker(clean_database):
    return Worker()


@pytest.fixture
def held(worker, make_task):
    return make_task("leased", worker_id=worker.id)


@pytest.fixture
def overdue(held):
    with operator_scope("operator:test"):
        Task.objects.update(lease_expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    return held


def test_a_retry_that_waited_for_a_cancel_queues_the_task_again(make_task):
    task = make_task("failed")
    assert in_turn(verb(tasks.cancel, task), verb(tasks.retry, task)).status == "queued"
    assert story(task)[-3:] == ["failed", "cancelled", "queued"]


def test_a_cancel_that_waited_for_a_retry_cancels_what_it_queued(make_task):
    task = make_task("failed")
    assert in_turn(verb(tasks.retry, task), verb(tasks.cancel, task)).status == "cancelled"
    assert story(task)[-3:] == ["failed", "queued", "cancelled"]


def test_of_two_retries_one_moves_the_task(make_task):
    task = make_task("dead_letter")
    with pytest.raises(WrongState, match="it is queued"):
        in_turn(verb(tasks.retry, task), verb(tasks.retry, task))
    assert story(task)[-2:] == ["dead_letter", "queued"]


def test_a_cancel_that_waited_for_the_result_comes_too_late(worker, held):
    with pytest.raises(WrongState, match="it is completed"):
        in_turn(lambda: worker.settle(held.id, 1, OutcomeKind.COMPLETED), verb(tasks.cancel, held))
    assert story(held)[-2:] == ["leased", "completed"]


def test_a_result_that_waited_for_a_cancel_is_still_accepted(worker, held):
    assert in_turn(verb(tasks.cancel, held), lambda: worker.settle(held.id, 1, OutcomeKind.COMPLETED)) == "completed"
    assert fresh(held).cancel_requested_at is not None


@pytest.mark.parametrize("kind", OutcomeKind)
def test_a_result_that_waited_for_the_leases_end_is_refused(worker, overdue, kind):
    assert in_turn(expire_leases, lambda: worker.settle(overdue.id, 1, kind)) is None
    assert story(overdue)[-2:] == ["leased", "queued"]


def test_maintenance_passes_by_a_task_that_is_being_settled(worker, overdue):
    assert meanwhile(lambda: worker.settle(overdue.id, 1, OutcomeKind.COMPLETED), expire_leases) == 0
    assert story(overdue)[-2:] == ["leased", "completed"]


def test_two_workers_never_claim_the_same_task(worker, make_task):
    task = make_task("queued")
    assert meanwhile(worker.claim, Worker().claim) is None
    assert fresh(task).worker_id == worker.id
    assert fresh(task).attempt == 1


def test_a_worker_passes_by_a_task_that_is_being_cancelled(worker, make_task):
    task = make_task("queued")
    assert meanwhile(verb(tasks.cancel, task), worker.claim) is None
    assert fresh(task).status == "cancelled"


def submit(acme, *keys, on_conflict="return"):
    items = [{"type": "echo", "dedup": {"key": key, "on_conflict": on_conflict}} for key in keys]
    return lambda: tasks.submit_many(items, tenant_id=acme.id)


def test_a_submit_that_waited_for_its_key_yields_the_task_that_took_it(acme):
    (holder,) = in_turn(submit(acme, "k"), submit(acme, "k"))
    with operator_scope("operator:test"):
        assert [task.id for task in Task.objects.all()] == [holder]


def test_a_submit_that_waited_for_its_key_takes_it_when_the_other_rolls_back(acme):
    (own,) = in_turn(submit(acme, "k"), submit(acme, "k"), rollback=True)
    with operator_scope("operator:test"):
        assert [task.id for task in Task.objects.all()] == [own]
        assert DedupKey.objects.get().task_id == own


def test_of_two_replacements_the_later_one_stays(acme):
    submit(acme, "k")()
    (last,) = in_turn(submit(acme, "k", on_conflict="replace"), submit(acme, "k", on_conflict="replace"))
    with operator_scope("operator:test"):
        statuses = list(Task.objects.order_by("id").values_list("status", flat=True))
        assert sorted(statuses) == ["cancelled", "cancelled", "queued"]
        assert Task.objects.get(status="queued").id == last
