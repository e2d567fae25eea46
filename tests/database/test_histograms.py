"""Times by bucket: the database counts as Python reads, and what was counted comes back as percentiles."""

import pytest
from django.db import connection

from queueapp import maintenance, tasks
from queueapp.db import statements
from queueapp.histograms import BOUNDS, BUCKETS, percentile
from queueapp.models import TaskStat, WorkerStat
from queueapp.tasks import statistics
from queueapp.tasks.settle import OutcomeKind, completed, failed, settle
from queueapp.tenancy import operator_scope, tenant_scope
from tests.tasks.workers import Worker


def in_bucket(number, times=1):
    return [0] * number + [times] + [0] * (BUCKETS - 1 - number)


def test_both_have_the_same_bounds(clean_database):
    edges = [edge for bound in BOUNDS for edge in (bound, bound * 0.999)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT taskrunner_bucket(s) FROM unnest(%s::double precision[]) AS s", [edges])
        buckets = [bucket for (bucket,) in cursor.fetchall()]
    assert buckets == [number for bucket in range(1, BUCKETS) for number in (bucket, bucket - 1)]


@pytest.mark.parametrize(
    ("histogram", "q", "seconds"),
    [
        (None, 0.5, None),
        ([0] * BUCKETS, 0.5, None),
        (in_bucket(0, 10), 0.5, 0.0005),
        (in_bucket(1, 10), 1.0, 0.002),
        (in_bucket(BUCKETS - 1), 0.5, BOUNDS[-1]),
        ([90, 0, 10] + [0] * 21, 0.9, 0.001),
        ([90, 0, 10] + [0] * 21, 0.95, 0.003),
    ],
)
def test_a_percentile_lies_within_its_bucket(histogram, q, seconds):
    assert percentile(histogram, q) == (None if seconds is None else pytest.approx(seconds))


def run_tasks(tenant, worker, *run_seconds):
    """One task for each time; the first fails and is to be tried again."""
    tasks.submit_many([{"type": "echo", "max_retries": 1} for _ in run_seconds], tenant_id=tenant.id)
    claimed = [worker.claim() for _ in run_seconds]
    outcomes = [
        completed(task.id, task.attempt, None, run_seconds=seconds)
        for task, seconds in zip(claimed, run_seconds, strict=True)
    ]
    first = claimed[0]
    outcomes[0] = failed(first.id, first.attempt, OutcomeKind.ERROR, "x", "", 3600, run_seconds=run_seconds[0])
    settle(worker.id, outcomes)


def test_percentiles_of_a_window_by_queue_and_type(acme, globex):
    worker = Worker()
    run_tasks(acme, worker, 3.0, 0.0001, 0.0001, 0.0001)
    maintenance.run_once()
    run_tasks(acme, worker, 0.0001, 0.003)
    run_tasks(globex, Worker(), 100.0)
    maintenance.run_once()
    with operator_scope("operator:test"):
        for window in statistics.WINDOWS:
            ((queue, type_, of_acme),) = statistics.figures(window, tenant_id=acme.id)
            assert (queue, type_, of_acme.completed, of_acme.failed_tries) == ("default", "echo", 4, 2)
            assert (of_acme.retry_rate, of_acme.failure_rate) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
            found = statistics.percentiles(of_acme.runs)
            assert found.p50 < 0.001
            assert 2.048 < found.p99 <= 4.096
            assert sum(of_acme.waits) == 6
            assert sum(statistics.total(statistics.figures(window), window).runs) == 7
            spans = statistics.throughput(window, tenant_id=acme.id, type="echo")
            assert (sum(span.completed for span in spans), sum(span.failed for span in spans)) == (4, 2)
        done = statistics.worker_figures([worker.id])[worker.id]
        assert (done.attempts, done.failures, sum(done.runs)) == (6, 2, 6)
        assert done.run_seconds == pytest.approx(3.0034)
        assert WorkerStat.objects.exclude(worker_id=worker.id).exists()


@pytest.mark.rls_only
def test_a_tenant_reads_its_own_figures_only(acme, globex):
    run_tasks(acme, Worker(), 0.0001, 0.003)
    run_tasks(globex, Worker(), 100.0)
    maintenance.run_once()
    with tenant_scope(globex.id):
        ((_, _, own),) = statistics.figures("1h")
        assert own.failed_tries == 1


def test_old_statistics_go(acme):
    run_tasks(acme, Worker(), 1.0)
    maintenance.run_once()
    with operator_scope("operator:test"):
        for row in (*TaskStat.objects.filter(span_seconds=60), *WorkerStat.objects.all()):
            moment = "starts_at" if isinstance(row, TaskStat) else "minute"
            type(row).objects.filter(pk=row.pk).update(**{moment: "2026-01-01T00:00Z"})
        statements.rows("prune", {"batch": 100})
        assert set(TaskStat.objects.values_list("span_seconds", flat=True)) == {3600}
        assert not WorkerStat.objects.exists()
