"""When a worker dies: who is blamed, who is not, and that it happens once."""

import pytest
from django.db import transaction

from queueapp import tasks
from queueapp.hooks import on_transition
from queueapp.models import Task, TaskLog
from queueapp.models import Worker as WorkerRow
from queueapp.models.base import Now, new_id
from queueapp.observers import Transition
from queueapp.tasks.deaths import Ending, end_lost_workers, end_worker, renew_all
from queueapp.tasks.settle import OutcomeKind
from queueapp.tenancy import operator_scope, system_scope
from tests.factories import fresh
from tests.notifications import notifications
from tests.tasks.staging import Undone, in_turn
from tests.tasks.workers import Worker


@pytest.fixture
def worker(clean_database):
    worker = Worker()
    with operator_scope("operator:test"):
        process = {"cluster_id": new_id(), "host": "here", "pid": 1, "machine": "m", "start_ticks": 1, "queues": []}
        WorkerRow.objects.create(id=worker.id, **process)
    return worker


@pytest.fixture
def held(worker, make_task):
    """The one that is executed, and its neighbour in the batch."""
    return [make_task("leased", worker_id=worker.id, max_retries=1) for _ in range(2)]


def story(task):
    with operator_scope("operator:test"):
        return list(TaskLog.objects.filter(task_id=task.id).order_by("id").values_list("to_status", "reason"))


def counters(task):
    row = fresh(task)
    return row.status, row.attempt, row.failures, row.crash_count


def stopped_at(worker):
    with operator_scope("operator:test"):
        return WorkerRow.objects.get(id=worker.id).stopped_at


def end(worker, blamed, ending):
    end_worker(worker.id, blamed=blamed and (blamed.id, 1), ending=ending)


@pytest.mark.parametrize(
    ("ending", "counted", "last_move"),
    [
        (Ending.CRASHED, ("queued", 1, 0, 1), ("queued", "lease_expired")),
        (Ending.TIMED_OUT, ("failed", 1, 1, 0), ("failed", "task_runtime_exceeded")),
        (Ending.RELEASED, ("queued", 1, 0, 0), ("queued", "released")),
    ],
)
def test_the_ending_counts_for_the_task_that_was_executed_alone(worker, held, ending, counted, last_move):
    executed, neighbour = held
    end(worker, executed, ending)
    assert counters(executed) == counted
    assert story(executed)[-1] == last_move
    assert counters(neighbour) == ("queued", 1, 0, 0)
    assert story(neighbour)[-1] == ("queued", "released")
    assert stopped_at(worker) is not None


def test_the_third_crash_ends_the_task(worker, make_task):
    poison = make_task("leased", worker_id=worker.id, crash_count=2)
    end(worker, poison, Ending.CRASHED)
    assert counters(poison) == ("dead_letter", 1, 0, 3)
    assert (fresh(poison).error_code, story(poison)[-1]) == ("worker_crashed", ("dead_letter", "worker_crashed"))


def test_a_time_out_beyond_the_last_retry_ends_the_task(worker, make_task):
    slow = make_task("leased", worker_id=worker.id, max_retries=0)
    end(worker, slow, Ending.TIMED_OUT)
    assert counters(slow) == ("dead_letter", 1, 1, 0)


@pytest.mark.parametrize("ending", Ending)
def test_a_task_that_was_to_stop_is_cancelled_however_its_worker_ended(worker, held, ending):
    for task in held:
        tasks.cancel(task.id, tenant_id=task.tenant_id)
    end(worker, held[0], ending)
    assert [fresh(task).status for task in held] == ["cancelled", "cancelled"]


def test_nobody_is_blamed_where_nothing_was_executed(worker, held):
    end(worker, None, Ending.CRASHED)
    assert [counters(task) for task in held] == [("queued", 1, 0, 0)] * 2


@pytest.mark.parametrize("ending", Ending)
def test_what_is_settled_or_held_again_stays_as_it_is(worker, held, make_task, ending):
    settled, again = held
    theirs = make_task("leased")
    worker.settle(settled.id, 1, OutcomeKind.COMPLETED)
    worker.settle(again.id, 1, OutcomeKind.RELEASED)
    assert Worker().claim().attempt == 2
    end(worker, settled, ending)
    end(worker, again, ending)
    assert [counters(task) for task in (settled, again)] == [("completed", 1, 0, 0), ("leased", 2, 0, 0)]
    assert fresh(theirs).status == "leased"


def test_a_worker_ends_once(worker, held):
    end(worker, held[0], Ending.CRASHED)
    before = [fresh(task).updated_at for task in held], stopped_at(worker)
    end(worker, held[0], Ending.CRASHED)
    assert ([fresh(task).updated_at for task in held], stopped_at(worker)) == before


def test_two_who_end_the_same_worker_count_one_crash(worker, held):
    in_turn(lambda: end(worker, held[0], Ending.CRASHED), lambda: end(worker, held[0], Ending.CRASHED))
    assert counters(held[0]) == ("queued", 1, 0, 1)


def test_a_result_that_waited_for_the_workers_end_is_refused(worker, held):
    def settle():
        return worker.settle(held[0].id, 1, OutcomeKind.COMPLETED)

    assert in_turn(lambda: end(worker, held[0], Ending.CRASHED), settle) is None


def test_the_end_that_waited_for_a_result_finds_nobody_to_blame(worker, held):
    in_turn(lambda: worker.settle(held[0].id, 1, OutcomeKind.COMPLETED), lambda: end(worker, held[0], Ending.CRASHED))
    assert counters(held[0]) == ("completed", 1, 0, 0)


def test_workers_hear_of_what_is_queued_again_and_observers_of_every_move(worker, held, monkeypatch):
    monkeypatch.setattr("queueapp.observers._observers", [])
    moves = []
    on_transition(moves.extend)
    before = notifications()
    end(worker, held[0], Ending.CRASHED)
    assert notifications() == before + 2  # one for the crash, one for its neighbours
    assert sorted(moves) == sorted(Transition(task.id, "leased", "queued") for task in held)


@pytest.mark.parametrize("ending", Ending)
def test_an_end_that_is_rolled_back_leaves_no_line(worker, held, caplog, ending):
    with pytest.raises(Undone), transaction.atomic():
        end(worker, held[0], ending)
        raise Undone
    assert caplog.messages == []
    end(worker, held[0], ending)
    assert len(caplog.messages) == len(held)


def test_a_lost_workers_tasks_all_count_once(worker, held, make_task):
    theirs = make_task("leased")
    for _ in range(2):
        with system_scope("test"):
            end_lost_workers([worker.id])
    assert [counters(task) for task in held] == [("queued", 1, 0, 1)] * 2
    assert fresh(theirs).status == "leased"
    assert stopped_at(worker) is not None


def test_all_leases_of_a_living_worker_are_renewed_and_nobody_elses(worker, held, make_task):
    theirs = make_task("leased")
    before = {task.id: fresh(task).lease_expires_at for task in [*held, theirs]}
    renew_all(worker.id)
    after = {task.id: fresh(task).lease_expires_at for task in [*held, theirs]}
    assert [after[task.id] > before[task.id] for task in [*held, theirs]] == [True, True, False]


def test_a_lease_that_ran_out_unnoticed_is_renewed(worker, held):
    with operator_scope("operator:test"):
        Task.objects.filter(id=held[0].id).update(lease_expires_at=Now())
    renew_all(worker.id)
    assert fresh(held[0]).lease_expires_at > fresh(held[0]).updated_at


def test_a_worker_that_has_stopped_renews_nothing(worker, held):
    with operator_scope("operator:test"):
        WorkerRow.objects.filter(id=worker.id).update(stopped_at=Now())
    before = fresh(held[0]).lease_expires_at
    renew_all(worker.id)
    assert fresh(held[0]).lease_expires_at == before
