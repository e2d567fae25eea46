"""Lease expiry: the dead are found, and nobody who lives is blamed, whatever stops or steps."""

import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import psutil
import pytest
from django.db import connection

from queueapp.hooks import registered_jobs
from queueapp.maintenance import MaintenanceRunner, run_once
from queueapp.maintenance.continuity import DatabaseWatch
from queueapp.models import Task, Worker
from queueapp.models.base import Now, new_id
from queueapp.process_identity import machine, start_ticks
from queueapp.tasks.deaths import renew_all
from queueapp.tenancy import operator_scope
from queueapp.testing.clock import moved_clock
from tests.factories import fresh
from tests.waiting import wait_until

RESCUE = [job for job in registered_jobs() if job.name == "rescued"]
ELSEWHERE = {"machine": "elsewhere", "pid": 1, "start_ticks": 1}


@pytest.fixture
def holder(clean_database, make_task):
    """Makes a worker and a task that it holds, by default on another machine, where nobody can look."""

    def holder(**fields):
        with operator_scope("operator:test"):
            worker = Worker.objects.create(cluster_id=new_id(), host="h", queues=[], **(ELSEWHERE | fields))
        return worker, make_task("leased", worker_id=worker.id)

    return holder


@pytest.fixture
def process():
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        yield process
        process.kill()


def of(process, **fields):
    return {"machine": machine(), "pid": process.pid, "start_ticks": start_ticks(process.pid)} | fields


def run_out(*tasks, seconds=-1):
    """Their leases end in so many seconds."""
    with operator_scope("operator:test"):
        Task.objects.filter(id__in=[task.id for task in tasks]).update(
            lease_expires_at=Now() + timedelta(seconds=seconds)
        )


def counters(task):
    row = fresh(task)
    return row.status, row.crash_count


def stopped(worker):
    with operator_scope("operator:test"):
        return Worker.objects.get(id=worker.id).stopped_at is not None


def unbroken_runner(**watch):
    """A runner of another cluster, whose start is long past."""
    runner = MaintenanceRunner(RESCUE, watch=(seen := DatabaseWatch(grace_seconds=1.0, **watch)))

    def passed():
        runner.run()
        return seen.is_unbroken

    wait_until(passed)
    return runner, passed


def test_a_worker_that_nobody_has_heard_of_has_died_with_its_lease(holder):
    worker, task = holder()
    run_out(task)
    run_once()
    assert (counters(task), stopped(worker)) == (("queued", 1), True)


def test_a_worker_whose_process_lives_here_is_not_blamed(holder, process):
    worker, task = holder(**of(process))
    run_out(task)
    run_once()
    assert (counters(task), stopped(worker)) == (("queued", 0), False)


@pytest.mark.parametrize(
    "fields",
    [
        {"start_ticks": 1},  # its process id is another's now
        {"machine": machine().partition("/")[0] + "/1"},  # a container beside us, where the id means another process
    ],
)
def test_a_process_of_the_same_id_is_not_the_worker(holder, process, fields):
    worker, task = holder(**of(process, **fields))
    run_out(task)
    run_once()
    assert (counters(task), stopped(worker)) == (("queued", 1), True)


def test_what_a_dead_worker_still_holds_was_not_executed(holder):
    """It was leased to a process that had died: what that was executing was settled when its death was recorded."""
    _, task = holder(stopped_at=Now())
    run_once()
    assert counters(task) == ("queued", 0)


def test_a_worker_over_http_loses_a_lease_and_stays(holder):
    worker, task = holder(machine=Worker.OVER_HTTP)
    run_out(task)
    run_once()
    assert (counters(task), stopped(worker)) == (("queued", 1), False)


def test_nobody_is_declared_dead_for_silence(holder):
    """A clock that steps would make everybody silent for an hour."""
    worker, _ = holder(heartbeat_at=Now() - timedelta(hours=1))
    run_once()
    assert not stopped(worker)


def test_a_runner_at_its_start_gives_everybody_time_to_renew(holder):
    living, dead = holder(), holder()
    run_out(living[1], dead[1])
    runner = MaintenanceRunner(RESCUE, watch=(watch := DatabaseWatch(grace_seconds=1.0)))
    runner.run()
    assert [counters(task) for _, task in (living, dead)] == [("leased", 0)] * 2
    renew_all(living[0].id)
    wait_until(lambda: runner.run() and watch.is_unbroken)
    assert [counters(task) for _, task in (living, dead)] == [("leased", 0), ("queued", 1)]


def test_a_dead_worker_s_leftovers_wait_for_no_grace(holder):
    _, task = holder(stopped_at=Now())
    MaintenanceRunner(RESCUE).run()
    assert counters(task) == ("queued", 0)


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_steps_kills_nobody_who_lives(holder, hours):
    living, dead = holder(), holder()
    runner, passed = unbroken_runner()
    with moved_clock(timedelta(hours=hours), using="owner"):
        runner.run()
        assert [counters(task) for _, task in (living, dead)] == [("leased", 0)] * 2
        renew_all(living[0].id)
        wait_until(passed)
        assert [counters(task) for _, task in (living, dead)] == [("leased", 0), ("queued", 1)]
        renew_all(living[0].id)
    runner.run()  # it steps back
    renew_all(living[0].id)
    wait_until(passed)
    assert counters(living[1]) == ("leased", 0)


def test_a_database_that_is_frozen_again_and_again_kills_nobody_who_lives(holder):
    """Each time for longer than the lease has left to run; the worker renews when it can."""
    worker, task = holder()
    runner, passed = unbroken_runner(gap_seconds=0.9)
    for _ in range(3):
        wait_until(passed)
        run_out(task, seconds=0.5)
        with frozen_database(seconds=1.5):
            runner.run()
        runner.run()
        assert counters(task) == ("leased", 0)
        renew_all(worker.id)
    wait_until(passed)
    assert counters(task) == ("leased", 0)
    run_out(task)
    wait_until(lambda: passed() and counters(task) == ("queued", 1))


@contextmanager
def frozen_database(*, seconds):
    """All processes of PostgreSQL stopped, which continue by themselves while the block waits for them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        postmaster = psutil.Process(cursor.fetchone()[0]).parent()
    processes = [postmaster, *postmaster.children(recursive=True)]
    for each in processes:
        each.suspend()
    frozen_at = time.monotonic()

    def thaw():
        for each in processes:
            if each.is_running():
                each.resume()

    timer = threading.Timer(seconds, thaw)
    timer.start()
    try:
        yield
        assert time.monotonic() - frozen_at >= seconds
    finally:
        timer.join()
