"""The reaper: workers of this machine that died together with their supervisor, and nobody else."""

import os
import subprocess

import pytest

from queueapp.claiming import Capabilities
from queueapp.models import Cluster, Worker
from queueapp.models.base import Now, new_id
from queueapp.process_identity import machine, start_ticks
from queueapp.tenancy import operator_scope
from queueapp.worker.heartbeats import look_after_cluster, register
from tests.factories import fresh

BESIDE_US = machine().partition("/")[0] + "/1"  # a container with process ids of its own, on the same machine


@pytest.fixture
def alive():
    """Names a process that lives."""
    return {"machine": machine(), "pid": os.getpid(), "start_ticks": start_ticks(os.getpid())}


@pytest.fixture
def gone():
    """Names a process that has ended."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        named = {"machine": machine(), "pid": process.pid, "start_ticks": start_ticks(process.pid)}
    return named


@pytest.fixture
def holder(clean_database, make_task):
    """Makes a worker with a cluster, and a task that it holds."""

    def holder(process, supervisor):
        with operator_scope("operator:test"):
            cluster_id = new_id()
            if supervisor:
                Cluster.objects.create(id=cluster_id, host="h", **supervisor)
            worker = Worker.objects.create(cluster_id=cluster_id, host="h", queues=[], **process)
        return worker, make_task("leased", worker_id=worker.id)

    return holder


def reaped(worker, task):
    """Whether the reaper ended the worker; then its task has got a crash."""
    look_after_cluster(new_id(), {})
    with operator_scope("operator:test"):
        stopped = Worker.objects.get(id=worker.id).stopped_at is not None
    row = fresh(task)
    assert (row.status, row.crash_count) == (("queued", 1) if stopped else ("leased", 0))
    return stopped


def test_what_a_worker_held_that_died_with_its_supervisor_crashed_once(holder, gone):
    worker, task = holder(gone, gone)
    assert reaped(worker, task)
    assert reaped(worker, task)


def test_a_supervisor_that_lives_settles_its_dead_itself(holder, gone, alive):
    assert not reaped(*holder(gone, alive))


def test_a_worker_that_lives_is_left_alone_whatever_became_of_its_supervisor(holder, gone, alive):
    assert not reaped(*holder(alive, gone))


def test_ids_that_were_given_out_again_hide_no_death(holder, alive):
    assert reaped(*holder(alive | {"start_ticks": 1}, alive | {"start_ticks": 2}))


def test_a_cluster_without_a_row_may_be_starting(holder, gone):
    assert not reaped(*holder(gone, None))


def test_a_container_beside_us_is_another_machine(holder, gone):
    assert not reaped(*holder(gone | {"machine": BESIDE_US}, gone | {"machine": BESIDE_US}))


def test_a_worker_that_has_stopped_is_not_ended_again(holder, gone):
    _, task = holder(gone, gone)
    with operator_scope("operator:test"):
        Worker.objects.update(stopped_at=Now())
    look_after_cluster(new_id(), {})
    assert fresh(task).crash_count == 0


def test_worker_and_cluster_say_which_processes_they_are(clean_database, alive):
    worker_id, cluster_id = new_id(), new_id()
    register(worker_id, cluster_id, Capabilities(queues=("default",)))
    look_after_cluster(cluster_id, {"pid": alive["pid"]})
    with operator_scope("operator:test"):
        rows = Worker.objects.get(id=worker_id), Cluster.objects.get(id=cluster_id)
    assert [{name: getattr(row, name) for name in alive} for row in rows] == [alive, alive]


def test_a_cluster_whose_supervisor_has_just_died_gets_no_row(clean_database, gone):
    look_after_cluster(new_id(), {"pid": gone["pid"]})
    with operator_scope("operator:test"):
        assert not Cluster.objects.exists()
