"""Partitions: told by the task itself, listed by claimers, and never mistaken for one another."""

import hashlib

import pytest
from django.db import IntegrityError, connection

from queueapp import tasks
from queueapp.models import Partition, Task
from queueapp.tasks.diagnosis import why
from queueapp.tasks.settle import OutcomeKind
from queueapp.tenancy import operator_scope, worker_scope
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


def test_two_partitions_with_one_digest_are_an_error_and_no_wrong_claim(acme):
    (task_id,) = submit(acme)
    worker = claimer()
    with worker_scope(worker.worker_id), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO taskrunner_partitions (id, queue, type, requirements)"
            " SELECT partition_id, queue, 'echo', requirements FROM taskrunner_tasks"
        )
    with pytest.raises(IntegrityError, match="stands for another queue, type or requirements"):
        worker.claim()
    with operator_scope("operator:test"):
        assert Task.objects.get(id=task_id).status == "queued"


def test_who_looks_before_any_claimer_came_sees_what_is_queued(acme):
    second = submit(acme, 2)[1]
    with operator_scope("operator:test"):
        assert ask("SELECT array_agg(type) FROM taskrunner_used_partitions") == ["sample.noop"]
        assert any("1 tasks" in reason.message for reason in why(Task.objects.get(id=second)))
