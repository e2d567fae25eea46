"""maintenance_job: when a job runs, and that it holds up no other."""

import logging
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction

from queueapp.hooks import JobResult, maintenance_job, registered_jobs
from queueapp.maintenance import MaintenanceRunner, run_once
from queueapp.maintenance.runner import MAINTENANCE_LOCK
from queueapp.models import Tenant
from tests.tasks.staging import held_open
from tests.waiting import threads


@pytest.fixture
def runner(clean_database):
    """Made of the jobs that the test has registered."""

    def make():
        return MaintenanceRunner([job for job in registered_jobs() if job.name.startswith("test_")])

    return make


def test_a_job_rests_for_as_long_as_it_says(runner):
    maintenance_job("test_hourly", every_seconds=3600)(lambda: JobResult(3))
    maintenance_job("test_each_pass", every_seconds=0)(lambda: None)
    made = runner()
    assert made.run() == {"test_hourly": 3, "test_each_pass": 0}
    assert made.run() == {"test_each_pass": 0}


def test_a_job_is_called_again_while_there_is_more(runner):
    left = [3, 2, 1]

    @maintenance_job("test_batches", every_seconds=0)
    def batch():
        return JobResult(left.pop(0), more=bool(left))

    assert runner().run() == {"test_batches": 6}


def test_a_job_that_never_ends_holds_up_no_other(runner, monkeypatch):
    monkeypatch.setattr("queueapp.maintenance.runner.MOST_SECONDS", 0)
    maintenance_job("test_endless", every_seconds=0)(lambda: JobResult(1, more=True))
    maintenance_job("test_next", every_seconds=0)(lambda: JobResult(1))
    assert runner().run() == {"test_endless": 1, "test_next": 1}


def test_a_commit_that_fails_is_the_fault_of_the_job_that_was_called_last(runner, caplog):
    """Also where it was the last of all, and not of the next, which would rest for it."""
    refused = [True, True]

    @maintenance_job("test_refused", every_seconds=0)
    def write():
        if refused:
            refused.pop()
            transaction.on_commit(lambda: 1 / 0)
        return JobResult(1)

    maintenance_job("test_next", every_seconds=3600)(lambda: JobResult(1))
    assert runner().run() == {"test_refused": 1, "test_next": 1}
    made = MaintenanceRunner([job for job in registered_jobs() if job.name == "test_refused"])
    assert made.run() == {"test_refused": 1}
    failed = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert failed == ["maintenance job failed: test_refused"] * 2


def test_a_job_runs_in_a_transaction_of_an_operator(runner, acme):
    @maintenance_job("test_scope", every_seconds=60)
    def count():
        assert connection.in_atomic_block
        return JobResult(Tenant.objects.filter(id=acme.id).count())

    assert runner().run() == {"test_scope": 1}


def test_each_runner_has_its_own_instance_of_a_class(runner):
    @maintenance_job("test_class", every_seconds=0)
    class Counter:
        def __init__(self):
            self.calls = 0

        def __call__(self):
            self.calls += 1
            return JobResult(self.calls)

    one, two = runner(), runner()
    assert [one.run(), one.run(), two.run()] == [{"test_class": 1}, {"test_class": 2}, {"test_class": 1}]


@pytest.mark.parametrize("error", [ValueError("x"), IntegrityError("x")])
def test_a_job_that_fails_is_logged_and_holds_up_no_other(runner, caplog, error):
    @maintenance_job("test_broken", every_seconds=60)
    def broken():
        raise error

    maintenance_job("test_sound", every_seconds=60)(lambda: JobResult(1))
    with caplog.at_level(logging.ERROR):
        assert runner().run() == {"test_broken": 0, "test_sound": 1}
    assert [record.event for record in caplog.records] == ["hook_failed"]


def test_only_the_elected_runs_a_job(runner):
    maintenance_job("test_elected", every_seconds=0)(lambda: JobResult(1))
    with threads(1) as run, held_open(run, take_the_lock):
        assert runner().run() == {}
    assert runner().run() == {"test_elected": 1}


def take_the_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT taskrunner_lock(%s)", [MAINTENANCE_LOCK])


def test_a_background_job_holds_nothing_up_and_is_not_started_twice(runner):
    go_on, started = threading.Event(), []

    @maintenance_job("test_slow", every_seconds=0, in_background=True)
    def slow():
        started.append(connection.in_atomic_block)
        assert go_on.wait(20)

    maintenance_job("test_quick", every_seconds=0)(lambda: JobResult(1))
    made = runner()
    assert made.run() == {"test_slow": 0, "test_quick": 1}
    assert made.run() == {"test_quick": 1}
    go_on.set()
    made._jobs[0]._thread.join()
    assert started == [False]


def test_a_pass_by_hand_leaves_out_what_runs_in_the_background(clean_database):
    maintenance_job("test_background", every_seconds=0, in_background=True)(lambda: None)
    assert "test_background" not in run_once()


def test_a_name_is_taken_once():
    maintenance_job("test_twice", every_seconds=60)(lambda: None)
    with pytest.raises(ImproperlyConfigured, match="'test_twice' is registered twice"):
        maintenance_job("test_twice", every_seconds=60)(lambda: None)
