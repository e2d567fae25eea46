"""How a cluster ends: what runs may go on for a while, then it is released, and never counted as a crash."""

import signal
import time
from threading import Event

import pytest

from queueapp import tasks
from queueapp.worker.background_connection import BackgroundConnection
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.frozen import frozen_postgres
from tests.waiting import PATIENCE_SECONDS, threads, wait_until


def ending_of(task):
    row = fresh(task)
    return row.status, row.crash_count, row.failures


def seconds_of_an_idle_drain():
    with running_cluster(workers=2) as cluster:
        started = time.monotonic()
        assert cluster.stop() == 0
        return time.monotonic() - started


def test_an_idle_cluster_ends_at_once(clean_database):
    """The best of three: other programs may take the processor away."""
    assert min(seconds_of_an_idle_drain() for _ in range(3)) < 2


@pytest.mark.parametrize("type", ["sample.sleep", "sample.deaf", "sample.hold_idle"])
def test_what_still_runs_at_the_end_of_the_drain_is_released(acme, tmp_path, type):
    """One that obeys its interrupt, one that does not, and one that keeps the interpreter."""
    mark = tmp_path / "mark"
    with running_cluster("--drain-seconds", "1", workers=2) as cluster:
        task = tasks.submit(type, {"mark": str(mark)}, tenant_id=acme.id)
        wait_until(mark.exists)
        family = cluster.family()
        assert cluster.stop() == 0
        assert ending_of(task) == ("queued", 0, 0)
        assert not [process for process in family if process.is_running()]


def test_a_process_killed_soon_after_its_drain_leaves_no_crash(acme, tmp_path):
    """The worker itself gives up what does not obey, so that nothing depends on the main process then."""
    mark = tmp_path / "mark"
    with running_cluster("--drain-seconds", "1", workers=1) as cluster:
        task = tasks.submit("sample.deaf", {"mark": str(mark)}, tenant_id=acme.id)
        wait_until(mark.exists)
        cluster.process.send_signal(signal.SIGTERM)
        wait_until(lambda: fresh(task).status == "queued")
        cluster.process.kill()
    assert ending_of(task) == ("queued", 0, 0)


def test_a_second_signal_ends_the_drain(acme, tmp_path):
    mark = tmp_path / "mark"
    with running_cluster("--drain-seconds", "3600", workers=1) as cluster:
        task = tasks.submit("sample.sleep", {"mark": str(mark)}, tenant_id=acme.id)
        wait_until(mark.exists)
        cluster.process.send_signal(signal.SIGINT)
        idle = tasks.submit("sample.noop", {}, tenant_id=acme.id)
        time.sleep(1)
        assert cluster.process.poll() is None
        cluster.process.send_signal(signal.SIGINT)
        assert cluster.process.wait(timeout=PATIENCE_SECONDS) == 0
    assert [ending_of(each) for each in (task, idle)] == [("queued", 0, 0)] * 2


def test_no_drain_at_all(acme, tmp_path):
    mark = tmp_path / "mark"
    with running_cluster("--drain-seconds", "0", workers=1) as cluster:
        task = tasks.submit("sample.sleep", {"mark": str(mark)}, tenant_id=acme.id)
        wait_until(mark.exists)
        assert cluster.stop() == 0
    assert ending_of(task) == ("queued", 0, 0)


def test_a_database_that_is_away_does_not_hold_up_the_end(acme, tmp_path):
    mark = tmp_path / "mark"
    with running_cluster("--drain-seconds", "1", workers=1) as cluster:
        task = tasks.submit("sample.talk", {"mark": str(mark)}, tenant_id=acme.id)
        wait_until(mark.exists)
        with frozen_postgres():
            assert cluster.stop() == 0
    assert fresh(task).status == "leased"


def test_who_leaves_waits_for_what_is_being_settled():
    """Or the task would stay leased: the thread that settles it dies with its process."""
    background, settle, settled = BackgroundConnection(), Event(), []
    background.start(lambda: settled.append(settle.wait(PATIENCE_SECONDS)))
    with threads(1) as run:
        left = run(background.finish, PATIENCE_SECONDS)
        assert not left.done()
        settle.set()
        left.result()
    assert settled == [True]
    background.close()
