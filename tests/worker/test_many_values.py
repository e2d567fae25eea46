"""A tenant whose tasks all ask for something else: who cannot run them reads each once and keeps none."""

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from queueapp import tasks
from queueapp.claiming import Capabilities, partitions
from queueapp.claiming.duty_cycle import DutyCycle
from queueapp.claiming.http_workers import claim_for_tenant
from queueapp.maintenance.partitions import PartitionPruner
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope, system_scope, worker_scope
from tests.sql_queries import entries_read
from tests.worker.claimers import claimer, submit

VALUES = 5_000
READ = "^(taskrunner_(new_)?partitions|tr_(new_)?partition_|tr_task_)"  # tables and indexes


def values(count):
    return [{"type": "sample.noop", "requirements": {"value": value}} for value in range(count)]


@pytest.fixture(autouse=True)
def a_poll_whenever_one_is_wanted(monkeypatch):
    monkeypatch.setattr(DutyCycle, "allows", True)


def take_all(worker):
    return [task.id for batch in iter(worker.claim, []) for task in batch]


def read_by(worker_id, look):
    """Rows and index entries that a look of a worker reads."""
    with worker_scope(worker_id):
        before = entries_read(READ)
        look()
        return entries_read(READ) - before


def poll(worker):
    worker._partitions._read_at = float("-inf")
    return worker.claim()


def test_an_idle_worker_reads_none_of_them_again_and_keeps_none(acme):
    tasks.submit_many(values(VALUES), tenant_id=acme.id)
    worker = claimer()
    assert read_by(worker.worker_id, lambda: poll(worker)) >= VALUES
    assert worker._partitions.claimable == worker._partitions._matching.by_queue == {}
    poll(worker)  # passes the entries of the notes that are gone, and marks them
    assert read_by(worker.worker_id, lambda: poll(worker)) < 10
    with CaptureQueriesContext(connection) as with_them:
        assert poll(worker) == []
    submit(acme, requirements={"value": VALUES - 1})
    assert read_by(worker.worker_id, lambda: poll(worker)) < 20
    (task_id,) = submit(acme)
    assert take_all(worker) == [task_id]
    assert len(with_them) <= 8


def test_a_worker_over_http_reads_none_of_them_again_either(acme):
    tasks.submit_many(values(VALUES), tenant_id=acme.id)
    worker_id = new_id()

    def claim():
        return claim_for_tenant(worker_id, acme.id, Capabilities(None), 1)

    assert read_by(worker_id, claim) >= VALUES
    claim()  # passes the entries of the notes that are gone, and marks them
    assert read_by(worker_id, claim) < 10
    (task_id,) = submit(acme)
    assert [row["id"] for row in claim()] == [task_id]


def test_the_first_task_of_a_partition_is_claimed_by_the_claim_that_it_was_notified_to(acme):
    worker = claimer()
    submit(acme)
    take_all(worker)
    task = tasks.submit("echo", tenant_id=acme.id)
    assert [claimed.id for claimed in worker.claim(notified="default")] == [task.id]


def test_they_are_read_page_by_page(acme, monkeypatch):
    monkeypatch.setattr(partitions, "PAGE", 2)
    for count in (5, 6):  # an odd number of pages' rows, and a whole one
        submitted = tasks.submit_many(values(count), tenant_id=acme.id)
        assert sorted(take_all(claimer(value=list(range(count))))) == sorted(submitted)


def test_what_was_deleted_is_dropped_now_and_then(acme, monkeypatch):
    monkeypatch.setattr("queueapp.maintenance.partitions.IDLE_SECONDS", 0)
    worker, pruner = claimer(), PartitionPruner()
    submit(acme)
    take_all(worker)
    submit(acme, requirements={"value": 1})  # stays
    take_all(worker)
    for _ in range(3):
        with system_scope("maintenance"):
            pruner()
    poll(worker)
    assert worker._partitions.claimable
    monkeypatch.setattr(partitions, "START_OVER_SECONDS", 0)
    poll(worker)
    assert not worker._partitions.claimable


def test_where_nothing_is_left_an_idle_worker_does_not_look_for_it_at_each_poll(acme, monkeypatch):
    monkeypatch.setattr("queueapp.maintenance.partitions.IDLE_SECONDS", 0)
    worker, pruner = claimer(), PartitionPruner()
    submit(acme)
    take_all(worker)
    for _ in range(3):
        with system_scope("maintenance"):
            pruner()
    poll(worker)
    assert not worker._partitions.claimable
    with CaptureQueriesContext(connection) as queries:
        poll(worker)
    assert not any("partitions_after" in query["sql"] for query in queries)
    (task_id,) = submit(acme)
    assert take_all(worker) == [task_id]


def test_a_worker_notices_that_its_database_was_restored(acme):
    worker = claimer()
    for type in ("echo", "sample.noop"):
        task = tasks.submit(type, tenant_id=acme.id)
        assert take_all(worker) == [task.id]
    with operator_scope("operator:test"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM taskrunner_partitions")
    with connections["owner"].cursor() as owner:
        owner.execute("ALTER SEQUENCE taskrunner_partition_seq RESTART")
    task = tasks.submit("sample.alone", tenant_id=acme.id)
    assert take_all(worker) == [task.id]
