"""Which silence of a worker means that it is dead, and which does not."""

import time

import psutil
import pytest

from queueapp import tasks
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.frozen import frozen_postgres
from tests.waiting import wait_until


@pytest.fixture
def cluster(clean_database):
    with running_cluster() as cluster:
        yield cluster


def worker_of(mark):
    """The process that left the last mark."""
    return psutil.Process(int(mark.read_text().splitlines()[-1].split()[2]))


def test_a_database_that_is_silent_for_seven_seconds_costs_no_worker(acme, cluster, tmp_path):
    mark = tmp_path / "mark"
    task = tasks.submit("sample.talk", {"mark": str(mark)}, tenant_id=acme.id)
    wait_until(mark.exists)
    workers = {worker.id for worker in cluster.live_workers()}
    with frozen_postgres():
        time.sleep(7)
    (tmp_path / "mark.go").touch()
    wait_until(lambda: fresh(task).status == "completed")
    assert (fresh(task).attempt, fresh(task).crash_count) == (1, 0)
    assert {worker.id for worker in cluster.live_workers()} == workers


def test_c_code_may_keep_the_interpreter_until_its_tasks_limit(acme, cluster):
    task = tasks.submit("sample.hold", {"seconds": 13}, tenant_id=acme.id, timeout_seconds=300)
    wait_until(lambda: fresh(task).status == "completed")
    assert (fresh(task).attempt, fresh(task).crash_count) == (1, 0)


def test_a_worker_that_neither_answers_nor_computes_is_replaced_as_crashed(acme, cluster, tmp_path):
    mark = tmp_path / "mark"
    task = tasks.submit("sample.hold_idle", {"mark": str(mark)}, tenant_id=acme.id)
    wait_until(mark.exists)
    first = worker_of(mark)
    wait_until(lambda: fresh(task).crash_count == 1)
    wait_until(lambda: not first.is_running())


def test_a_stopped_worker_is_replaced_and_its_task_released(acme, cluster, tmp_path):
    mark = tmp_path / "mark"
    task = tasks.submit("sample.talk", {"mark": str(mark)}, tenant_id=acme.id)
    wait_until(mark.exists)
    worker_of(mark).suspend()
    wait_until(lambda: fresh(task).attempt == 2)
    (tmp_path / "mark.go").touch()
    wait_until(lambda: fresh(task).status == "completed")
    assert (fresh(task).attempt, fresh(task).crash_count) == (2, 0)


def test_a_cluster_that_stood_still_blames_nobody(acme, cluster, tmp_path):
    """As when its machine or its container is frozen, here for longer than the silence that ends a worker."""
    mark = tmp_path / "mark"
    task = tasks.submit("sample.talk", {"mark": str(mark)}, tenant_id=acme.id)
    wait_until(mark.exists)
    workers = {worker.id for worker in cluster.live_workers()}
    everything = [psutil.Process(cluster.main), *cluster.family()]
    for process in everything:
        process.suspend()
    time.sleep(7)
    for process in everything:
        process.resume()
    (tmp_path / "mark.go").touch()
    wait_until(lambda: fresh(task).status == "completed")
    assert (fresh(task).attempt, fresh(task).crash_count) == (1, 0)
    assert {worker.id for worker in cluster.live_workers()} == workers
