"""Partitions: told by the task itself, listed by claimers, and never mistaken for one another."""

import hashlib
import logging

import pytest
from django.db import IntegrityError, connection, connections
from django.test.utils import CaptureQueriesContext

from queueapp import tasks
from queueapp.claiming.duty_cycle import DutyCycle
from queueapp.claiming.partitions import list_new_partitions
from queueapp.maintenance import partitions
from queueapp.models import NewPartition, Partition, Task
from queueapp.models.base import new_id
from queueapp.tasks.diagnosis import why
from queueapp.tasks.settle import Outcome, OutcomeKind
from queueapp.tenancy import operator_scope, system_scope, worker_scope
from tests.factories import create_task, fresh
from tests.sql_queries import ask
from tests.tasks.staging import held_open
from tests.tasks.workers import Worker
from tests.waiting import sessions_waiting_for_a_lock, threads, wait_until
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


@pytest.fixture
def pruner(monkeypatch):
    """Prunes what has nothing queued, however lately it was used; each call is a walk."""
    monkeypatch.setattr(partitions, "IDLE_SECONDS", 0)
    job = partitions.PartitionPruner()

    def prune():
        with system_scope("maintenance"):
            return job().rows

    return prune


@pytest.mark.usefixtures("a_poll_whenever_one_is_wanted")
def test_an_idle_partition_is_deleted_and_listed_anew_when_it_is_needed(acme, pruner):
    worker = claimer()
    first, stays = tasks.submit("echo", tenant_id=acme.id), tasks.submit("sample.alone", tenant_id=acme.id)
    assert sorted(take_all(worker)) == sorted([first.id, stays.id])
    submit(acme, type="sample.alone")
    assert [pruner(), pruner(), pruner()] == [0, 0, 1]
    assert [type for _, type, _ in listed()] == ["sample.alone"]
    second = tasks.submit("echo", tenant_id=acme.id)
    assert second.id in take_all(worker)
    assert [pruner() for _ in range(2)] == [0, 0]


def test_a_partition_that_was_used_lately_stays(acme):
    tasks.submit("echo", tenant_id=acme.id)
    take_all(claimer())
    job = partitions.PartitionPruner()
    with system_scope("maintenance"):
        assert [job().rows for _ in range(4)] == [0] * 4
    assert len(listed()) == 1


def test_a_walk_goes_on_from_batch_to_batch_and_begins_anew(acme, pruner, monkeypatch):
    monkeypatch.setattr(partitions, "BATCH", 2)
    for region in range(5):
        tasks.submit("sample.noop", tenant_id=acme.id, requirements={"region": region})
    take_all(claimer(region=list(range(5))))
    assert sum(pruner() for _ in range(9)) == 5
    assert listed() == []


def submit_and_take(tenant):
    """Leaves an idle partition that has its row."""
    task = tasks.submit("echo", tenant_id=tenant.id)
    worker = claimer()
    assert take_all(worker) == [task.id]
    return worker


@pytest.mark.usefixtures("a_poll_whenever_one_is_wanted")
def test_a_task_that_is_submitted_while_its_partition_is_deleted_is_claimed(acme, pruner):
    """Whether its submit found the row in use, retired, or gone."""
    worker, late = submit_and_take(acme), []

    def submit_late():
        late.append(tasks.submit("echo", tenant_id=acme.id).id)

    with threads(1) as found_in_use, held_open(found_in_use, submit_late):
        pruner()  # retires it
        with threads(1) as found_retired, held_open(found_retired, submit_late):
            assert [pruner() for _ in range(3)] == [0] * 3, "a submit that found it in use is under way"
    assert [pruner() for _ in range(3)] == [0] * 3, "tasks wait in it"
    assert take_all(worker) == late
    assert sum(pruner() for _ in range(3)) == 1
    submit_late()
    assert take_all(worker) == late[-1:]


@pytest.mark.usefixtures("a_poll_whenever_one_is_wanted")
def test_a_submit_that_found_the_row_retired_does_not_keep_it_and_is_claimed_all_the_same(acme, pruner):
    worker, late = submit_and_take(acme), []
    pruner()
    pruner()
    with threads(1) as run, held_open(run, lambda: late.append(tasks.submit("echo", tenant_id=acme.id).id)):
        assert pruner() == 1
    assert listed() == []
    assert take_all(worker) == late


def submit_another(tenant):
    tasks.submit("echo", tenant_id=tenant.id)


def queue_again(tenant):
    with system_scope("test"):
        Task.objects.filter(tenant=tenant).update(status="queued", lease_expires_at=None)


@pytest.mark.parametrize("make_ready", [submit_another, queue_again])
def test_a_retired_partition_is_taken_back_into_use(acme, pruner, make_ready):
    worker = submit_and_take(acme)
    pruner()
    make_ready(acme)
    list_new_partitions(worker.worker_id)
    with operator_scope("operator:test"):
        assert Partition.objects.get().retired_in is None
        assert not NewPartition.objects.exists()


@pytest.mark.usefixtures("a_poll_whenever_one_is_wanted")
@pytest.mark.parametrize("status", ["scheduled", "failed", "cancelled", "leased"])
def test_what_becomes_ready_in_a_partition_without_a_row_is_claimed(acme, make_task, status):
    task = make_task(status)
    delete_rows()
    with system_scope("test") if status != "cancelled" else operator_scope("operator:test"):
        again = {"status": "queued", "lease_expires_at": None, "finished_at": None}
        Task.objects.filter(id=task.id).update(**again)
    assert take_all(claimer()) == [task.id]


def test_many_who_find_no_row_leave_one_note(acme):
    for _ in range(3):
        submit(acme, 5)
    with operator_scope("operator:test"):
        assert NewPartition.objects.count() == 1


def test_one_note_is_left_of_each_partition_that_a_statement_opens(acme):
    regions = [{"type": "sample.noop", "requirements": {"region": region % 3}} for region in range(9)]
    tasks.submit_many([*regions, {"type": "echo"}], tenant_id=acme.id)
    with operator_scope("operator:test"):
        opened = NewPartition.objects.order_by("id").values_list("type", "requirements", "opened_by")
        assert sorted(opened, key=str) == [
            ("echo", {}, None),
            *[("sample.noop", {"region": region}, acme.id) for region in range(3)],
        ]


@pytest.mark.parametrize("batch", [1, 1000])
def test_what_waits_without_row_or_note_is_found_by_maintenance(acme, monkeypatch, batch):
    monkeypatch.setattr(partitions, "BATCH", batch)
    submitted = [
        tasks.submit("sample.noop", tenant_id=acme.id, requirements={"region": region}).id for region in range(6)
    ]
    worker = claimer(region=list(range(6)))
    list_new_partitions(worker.worker_id)
    delete_rows("id % 2 = 0 OR requirements = '{\"region\": 3}'")
    with operator_scope("operator:test"):
        gone = 6 - Partition.objects.count()
    job = partitions.LostPartitions()
    with system_scope("maintenance"):
        assert sum(job().rows for _ in range(7)) == gone > 0
        assert sum(job().rows for _ in range(7)) == 0
    assert sorted(take_all(worker)) == sorted(submitted)


def test_rows_are_numbered_in_the_order_they_commit(acme):
    """Who is listing holds the others up to the end of its transaction, so none can turn up below what was read."""
    numbers = []

    def add(type):
        number = "INSERT INTO taskrunner_partitions (id, queue, type, requirements) VALUES"
        number += f" (taskrunner_partition_id('q', '{type}', '{{}}'), 'q', '{type}', '{{}}') RETURNING number"
        with operator_scope("operator:test"):
            numbers.append(ask(number))

    with threads(2) as run:
        with held_open(run, lambda: add("first")):
            second = run(add, "second")
            wait_until(lambda: sessions_waiting_for_a_lock() == 1)
        second.result()
    assert numbers == sorted(numbers)


def delete_rows(which="true"):
    with operator_scope("operator:test"), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM taskrunner_new_partitions; DELETE FROM taskrunner_partitions WHERE {which}")


def take_all(worker):
    return [task.id for batch in iter(worker.claim, []) for task in batch]


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
        delete_rows()
        owner.execute(f"ALTER TABLE taskrunner_partitions ADD {constraint} {check}")


def test_two_partitions_with_one_digest_are_an_error_and_no_wrong_claim(collision):
    with pytest.raises(IntegrityError, match="stands for another queue, type or requirements"):
        claimer().claim()
    with operator_scope("operator:test"):
        assert Task.objects.get(id=collision).status == "queued"


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
        assert any("1 task " in reason.message for reason in why(Task.objects.get(id=second)))
