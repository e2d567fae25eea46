"""Partitions: told by the task itself, listed by claimers, and never mistaken for one another."""

import hashlib
import logging
import signal

import pytest
from django.db import IntegrityError, connection, connections
from django.test.utils import CaptureQueriesContext

from queueapp import tasks
from queueapp.claiming import Capabilities
from queueapp.claiming.duty_cycle import DutyCycle
from queueapp.maintenance import retention
from queueapp.models import Partition, Task
from queueapp.models.base import new_id
from queueapp.tasks.diagnosis import why
from queueapp.tasks.settle import Outcome, OutcomeKind
from queueapp.tenancy import operator_scope, system_scope, worker_scope
from queueapp.worker import main_loop
from queueapp.worker.interrupts import SIGNAL
from queueapp.worker.main_loop import ServingWorker
from queueapp.worker.processes.shared_memory import ClusterMemory, ServeOptions
from tests.factories import create_task, fresh
from tests.sql_queries import ask
from tests.tasks.staging import held_open
from tests.tasks.workers import Worker
from tests.waiting import threads
from tests.worker.claimers import claimer, submit


def listed():
    with operator_scope("operator:test"):
        return list(Partition.objects.values_list("queue", "type", "requirements"))


def test_the_id_is_a_digest_of_queue_type_and_requirements(acme):
    task = tasks.submit("echo", tenant_id=acme.id, requirements={"region": "eu", "gpu": True})
    digest = hashlib.sha256(b'default\necho\n{"gpu": true, "region": "eu"}').digest()
    assert task.partition_id == int.from_bytes(digest[:8], signed=True)


def test_a_first_submit_that_is_held_open_blocks_nobody(acme):
    """A second session's first submit of the same type commits, is claimed and run while the first is still open."""

    def first_submit():
        return tasks.submit("echo", {"n": 1}, tenant_id=acme.id)

    def submit_and_run():
        task, worker = first_submit(), Worker()
        assert worker.claim().id == task.id
        return worker.settle(task.id, 1, OutcomeKind.COMPLETED, result="{}")

    with threads(2) as run, held_open(run, first_submit):
        assert run(submit_and_run).result(10) == "completed"
    with operator_scope("operator:test"):
        assert sorted(Task.objects.values_list("status", flat=True)) == ["completed", "queued"]


def test_claimers_list_what_is_queued_and_nothing_else(acme):
    for requirements, delay in (({}, 0), ({"region": "eu"}, 3600), ({"gpu": True}, 0)):
        tasks.submit("echo", tenant_id=acme.id, requirements=requirements, delay_seconds=delay)
    assert listed() == []
    claimer().claim()
    assert sorted(listed(), key=str) == [("default", "echo", {"gpu": True}), ("default", "echo", {})]


@pytest.fixture
def a_poll_whenever_one_is_wanted(monkeypatch):
    monkeypatch.setattr(DutyCycle, "allows", True)


@pytest.mark.usefixtures("a_poll_whenever_one_is_wanted")
def test_a_partition_without_tasks_is_deleted_and_listed_anew_when_it_is_needed(acme):
    worker, stays = claimer(), submit(acme, type="sample.alone")
    first = tasks.submit("echo", tenant_id=acme.id)
    take_all(worker)
    with operator_scope("operator:test"):
        Task.objects.filter(id=first.id).delete()
    assert prune_partitions() == 1
    assert [type for _, type, _ in listed()] == ["sample.alone"]
    second = tasks.submit("echo", tenant_id=acme.id)
    assert take_all(worker) == [second.id]
    assert prune_partitions() == 0
    assert fresh(Task(id=stays[0])).status == "leased"


@pytest.mark.usefixtures("a_poll_whenever_one_is_wanted")
def test_a_task_that_is_submitted_while_its_partition_is_deleted_is_claimed(acme):
    worker = claimer()
    first = tasks.submit("echo", tenant_id=acme.id)
    take_all(worker)
    with operator_scope("operator:test"):
        Task.objects.filter(id=first.id).delete()
    second = []
    with threads(1) as run, held_open(run, lambda: second.extend(submit(acme, type="echo"))):
        assert prune_partitions() == 1
    assert take_all(worker) == second


def test_claimers_see_that_one_partition_came_for_another(acme):
    worker = claimer()
    first = tasks.submit("echo", tenant_id=acme.id)
    assert worker.claim()
    with operator_scope("operator:test"):
        Task.objects.filter(id=first.id).delete()
    submit(acme)
    assert claimer().claim()
    assert prune_partitions() == 1
    worker._partitions._read_at = float("-inf")
    (again,) = submit(acme)
    assert [task.id for task in worker.claim()] == [again]


def take_all(worker):
    return [task.id for batch in iter(worker.claim, []) for task in batch]


def prune_partitions():
    with system_scope("maintenance"):
        return retention.prune_partitions().rows


@pytest.fixture
def collision(acme):
    """A queued task whose partition's row is another's, as if two had one digest."""
    (task_id,) = submit(acme)
    constraint = "CONSTRAINT tr_partition_id_stands_for_it"
    with connections["owner"].cursor() as owner:
        owner.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [constraint.split()[1]])
        (check,) = owner.fetchone()
        owner.execute(f"ALTER TABLE taskrunner_partitions DROP {constraint}")
        with worker_scope(new_id()), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO taskrunner_partitions (id, queue, type, requirements)"
                " SELECT partition_id, queue, 'echo', requirements FROM taskrunner_tasks WHERE id = %s",
                [task_id],
            )
        yield task_id
        owner.execute(f"DELETE FROM taskrunner_partitions; ALTER TABLE taskrunner_partitions ADD {constraint} {check}")


def test_two_partitions_with_one_digest_are_an_error_and_no_wrong_claim(collision):
    with pytest.raises(IntegrityError, match="stands for another queue, type or requirements"):
        claimer().claim()
    with operator_scope("operator:test"):
        assert Task.objects.get(id=collision).status == "queued"


@pytest.fixture
def serving_worker(monkeypatch):
    """Its object in this process, which shall not become a worker's; it never runs."""
    monkeypatch.setattr(main_loop, "OwnProcess", lambda: None)
    handler, memory = signal.getsignal(SIGNAL), ClusterMemory(1)
    worker = ServingWorker(ServeOptions(new_id(), Capabilities(("default",)), None, memory), memory.slots[0])
    yield worker
    worker._background.close()
    signal.signal(SIGNAL, handler)


def test_a_worker_stores_its_outcomes_although_its_claim_collides(collision, acme, serving_worker, caplog):
    worker = serving_worker
    running = create_task("leased", acme, worker_id=worker.id)
    worker._buffer.requeue([Outcome(running.id, running.attempt, OutcomeKind.COMPLETED, result="{}")])
    with caplog.at_level(logging.ERROR):
        assert worker._settle_and_claim() == []
        assert worker._settle_and_claim() == []
    assert fresh(running).status == "completed"
    assert [(record.event, record.constraint) for record in caplog.records] == [
        ("partition_collision", "partition_without_collision")
    ] * 2


def test_a_poll_under_the_duty_cycle_does_not_ask_for_new_partitions(acme):
    worker = claimer()
    submit(acme)
    worker._duty_cycle._next_at = float("inf")
    with CaptureQueriesContext(connection) as queries:
        assert worker.claim() == []
    assert not any("new_partitions" in query["sql"] for query in queries)


def test_who_looks_before_any_claimer_came_sees_what_is_queued(acme):
    second = submit(acme, 2)[1]
    with operator_scope("operator:test"):
        assert ask("SELECT array_agg(type) FROM taskrunner_used_partitions") == ["sample.noop"]
        assert any("1 tasks" in reason.message for reason in why(Task.objects.get(id=second)))
