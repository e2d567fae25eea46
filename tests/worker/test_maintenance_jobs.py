"""The jobs of each pass: all there is, and under a snapshot no further back than needed."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db.models.functions import Now

from queueapp.claiming import duty_cycle
from queueapp.claiming.duty_cycle import DutyCycle
from queueapp.hooks import JobResult
from queueapp.maintenance import recent_rows
from queueapp.maintenance.continuity import Look
from queueapp.maintenance.expiry import ExpireLeases
from queueapp.maintenance.jobs import FoldCounters, PromoteDue
from queueapp.maintenance.recent_rows import EVER_SECONDS, MARGIN_SECONDS, RecentRows
from queueapp.models import TaskCount
from queueapp.tenancy import operator_scope, system_scope
from tests.factories import fresh
from tests.sql_queries import entries_read
from tests.tasks.staging import held_open, take_a_snapshot
from tests.waiting import threads
from tests.worker.claimers import submit

INDEXES = r"^tr_task_(lease|due)$"


def test_a_pass_looks_back_to_the_one_before_while_looks_from_the_start_take_long(clean_database, monkeypatch):
    looked_back = []

    class Job(RecentRows):
        def run_batch(self, seconds_back):
            looked_back.append(seconds_back)
            return 0

    job = Job()
    job()
    monkeypatch.setattr(DutyCycle, "allows", False)
    job()
    monkeypatch.setattr(DutyCycle, "allows", True)
    job()
    assert looked_back[0] == looked_back[2] == EVER_SECONDS
    assert MARGIN_SECONDS < looked_back[1] < MARGIN_SECONDS + 60


def test_the_first_pass_after_a_step_of_the_clock_looks_at_everything(clean_database, monkeypatch):
    """What was due in an hour is due now, and lies further back than the last pass."""
    looked_back = []

    class Job(RecentRows):
        def run_batch(self, seconds_back):
            looked_back.append(seconds_back)
            return 0

    job = Job()
    job()
    monkeypatch.setattr(DutyCycle, "allows", False)
    job.watch.add(Look(0.0, 1000.0, 0.0))
    job()
    job.watch.add(Look(1.0, 4601.0, 1.0))
    job()
    job()
    assert [seconds == EVER_SECONDS for seconds in looked_back] == [True, False, True, False]


def test_every_batch_of_a_pass_looks_as_far_back_as_its_first(clean_database, monkeypatch):
    looked_back = []

    class Job(RecentRows):
        def run_batch(self, seconds_back):
            looked_back.append(seconds_back)
            monkeypatch.setattr(DutyCycle, "allows", False)
            return self.batch if len(looked_back) in (1, 3) else 1

    job = Job()
    assert [job().more for _ in range(4)] == [True, False, True, False]
    assert looked_back[:2] == [EVER_SECONDS, EVER_SECONDS]
    assert all(MARGIN_SECONDS < seconds < MARGIN_SECONDS + 60 for seconds in looked_back[2:])


def test_a_pass_from_the_start_is_measured_as_a_whole(monkeypatch):
    recorded = []
    monkeypatch.setattr(DutyCycle, "record", lambda self, seconds: recorded.append(seconds))
    moments = iter([0.0, 3.0, 100.0, 105.0])  # before and after each of two batches
    monkeypatch.setattr(DutyCycle, "allows", True)
    monkeypatch.setattr(recent_rows, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    left = [RecentRows.batch, 1]

    class Job(RecentRows):
        def run_batch(self, seconds_back):
            return left.pop(0)

    job = Job()
    job()
    assert recorded == []
    job()
    assert recorded == [8.0]


def test_more_than_a_batch_is_due_though_the_first_scan_took_long(acme, make_task, monkeypatch):
    monkeypatch.setattr(PromoteDue, "batch", 2)
    for _ in range(3):
        make_task("scheduled", run_at=Now() - timedelta(seconds=600))
    monkeypatch.setattr(duty_cycle, "QUICK_SECONDS", 0)
    job = PromoteDue()
    with system_scope("maintenance"):
        assert [job(), job()] == [JobResult(2, more=True), JobResult(1)]


@pytest.mark.parametrize(
    ("job", "status", "moment"), [(ExpireLeases, "leased", "lease_expires_at"), (PromoteDue, "scheduled", "run_at")]
)
def test_a_job_looks_as_far_back_as_it_is_told(acme, make_task, job, status, moment):
    recent, old = (make_task(status, **{moment: Now() - timedelta(seconds=ago)}) for ago in (1, 600))
    ahead = make_task(status, **{moment: Now() + timedelta(seconds=60)})
    assert [do(job(), seconds) for seconds in (30.0, EVER_SECONDS)] == [1, 1]
    assert [fresh(task).status for task in (recent, old, ahead)] == ["queued", "queued", status]


@pytest.mark.parametrize(
    ("job", "status", "moment"), [(ExpireLeases, "leased", "lease_expires_at"), (PromoteDue, "scheduled", "run_at")]
)
def test_a_short_look_does_not_walk_over_what_a_snapshot_keeps(acme, make_task, job, status, moment):
    for _ in range(60):
        make_task(status, **{moment: Now() - timedelta(seconds=600)})
    with threads(1) as run, held_open(run, take_a_snapshot):
        assert do(job(), EVER_SECONDS) == 60
        make_task(status, **{moment: Now() - timedelta(seconds=1)})
        with system_scope("maintenance"):
            before = entries_read(INDEXES)
            assert job().run_batch(30.0) == 1
            assert entries_read(INDEXES) - before < 10


def test_counters_go_on_where_they_were_and_miss_nothing_for_good(acme):
    folder = FoldCounters()
    submit(acme)  # or the next would wait for their kind to be made
    do(folder, EVER_SECONDS)
    with threads(1) as run:
        with held_open(run, lambda: submit(acme)):
            submit(acme)
            assert do(folder, EVER_SECONDS) == 1
        submit(acme)
        assert [do(folder, seconds) for seconds in (1.0, 1.0, EVER_SECONDS)] == [1, 0, 1]
    with operator_scope("operator:test"):
        assert TaskCount.objects.get(tenant=acme, status="queued").tasks == 4


def do(job, seconds_back):
    with system_scope("maintenance"):
        return job.run_batch(seconds_back)
