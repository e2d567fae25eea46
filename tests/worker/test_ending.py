"""An operator ends one worker after its task, or a whole cluster: nothing fails, crashes or runs twice over it."""

from queueapp import tasks
from queueapp.models import Cluster, Worker
from queueapp.operators.workers import drain_cluster, stop_worker
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.waiting import wait_until


def talking(acme, mark):
    """A task that runs until its mark is told to go."""
    task = tasks.submit("sample.talk", {"mark": str(mark)}, tenant_id=acme.id)
    wait_until(lambda: fresh(task).progress)
    return task


def told(row):
    with operator_scope("operator:test"):
        return type(row).objects.get(id=row.id)


def test_a_worker_that_is_asked_to_end_finishes_its_task_and_a_fresh_one_follows(acme, clean_database, tmp_path):
    with running_cluster(workers=1) as cluster:
        (worker,) = cluster.live_workers()
        task = talking(acme, tmp_path / "mark")
        with operator_scope("operator:test"):
            stop_worker(worker.id)
        after = tasks.submit("sample.noop", {}, tenant_id=acme.id)
        (tmp_path / "mark.go").touch()
        wait_until(lambda: fresh(after).status == "completed")
        ended = fresh(task)
        assert (ended.status, ended.attempt, ended.worker_id) == ("completed", 1, worker.id)
        assert fresh(after).worker_id != worker.id
        assert told(worker).stopped_at is not None
        (other,) = cluster.live_workers()
        with operator_scope("operator:test"):
            stop_worker(other.id)  # while it rests
        wait_until(lambda: told(other).stopped_at)
        wait_until(lambda: [each.id for each in cluster.live_workers()] not in ([], [other.id]))
    with operator_scope("operator:test"):
        assert Worker.objects.count() == 3


def test_a_cluster_that_is_drained_claims_no_more_finishes_and_ends_as_at_sigterm(acme, clean_database, tmp_path):
    with running_cluster("--drain-seconds", "60", workers=2) as cluster:
        task = talking(acme, tmp_path / "mark")
        wait_until(lambda: _clusters())
        (row,) = _clusters()
        with operator_scope("operator:test"):
            drain_cluster(row.id)
        wait_until(lambda: len(cluster.live_workers()) == 1)
        after = tasks.submit("sample.noop", {}, tenant_id=acme.id)
        assert cluster.process.poll() is None
        (tmp_path / "mark.go").touch()
        assert cluster.process.wait(60) == 0
    assert (fresh(task).status, fresh(task).attempt) == ("completed", 1)
    assert (fresh(after).status, fresh(after).attempt) == ("queued", 0)


def _clusters():
    with operator_scope("operator:test"):
        return list(Cluster.objects.all())
