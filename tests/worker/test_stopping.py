"""Stopping a running task: on cancel, at its time limits, and never its neighbour."""

import psutil
import pytest

from queueapp import tasks
from queueapp.states import FINAL
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.waiting import wait_until


@pytest.fixture
def cluster(clean_database):
    with running_cluster() as cluster:
        yield cluster


@pytest.mark.parametrize("type", ["sample.spin", "sample.sleep", "sample.read_socket", "sample.catch_all"])
def test_a_running_task_is_cancelled_at_the_next_heartbeat_and_its_neighbour_is_not(acme, cluster, tmp_path, type):
    """Within two seconds of a worker that gets the processor; other programs may take it away for longer."""
    mark = tmp_path / "mark"
    neighbour = tasks.submit("sample.talk", {"mark": str(tmp_path / "other")}, tenant_id=acme.id)
    task = tasks.submit(type, {"mark": str(mark)}, tenant_id=acme.id)
    wait_until(lambda: mark.exists() and fresh(neighbour).progress)
    worker = psutil.Process(int(mark.read_text().split()[2]))
    used = worker.cpu_times().user
    assert tasks.cancel(task.id, tenant_id=acme.id).status == "leased"
    wait_until(lambda: fresh(task).status == "cancelled")
    assert worker.cpu_times().user - used < 2
    (tmp_path / "other.go").touch()
    wait_until(lambda: fresh(neighbour).status == "completed")


def test_the_limit_interrupts_and_counts_as_a_failure(acme, cluster):
    task = tasks.submit("sample.sleep", {}, tenant_id=acme.id, timeout_seconds=1)
    wait_until(lambda: fresh(task).status in FINAL)
    ended = fresh(task)
    assert (ended.status, ended.error_code, ended.failures, ended.crash_count) == (
        "dead_letter",
        "task_runtime_exceeded",
        1,
        0,
    )


@pytest.mark.parametrize("type", ["sample.deaf", "sample.greedy"])
def test_c_code_that_cannot_be_interrupted_is_ended_after_the_limit(acme, cluster, type):
    task = tasks.submit(type, {}, tenant_id=acme.id, timeout_seconds=1)
    after = tasks.submit("sample.noop", {}, tenant_id=acme.id)
    wait_until(lambda: fresh(task).status == "dead_letter")
    ended = fresh(task)
    assert (ended.error_code, ended.failures, ended.crash_count) == ("task_runtime_exceeded", 1, 0)
    wait_until(lambda: fresh(after).status == "completed")
