"""How long it takes until the task of a dead cluster runs in another, on its machine and on another one."""

import signal
from contextlib import suppress
from datetime import timedelta

import psutil

from queueapp import clock, tasks
from queueapp.maintenance.continuity import GRACE_SECONDS
from queueapp.models import Cluster, Worker
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.waiting import wait_until

RESCUED_WITHIN = timedelta(seconds=35)
WATCHED = timedelta(seconds=GRACE_SECONDS + 3)


def test_the_tasks_of_a_dead_cluster_run_again_at_once_and_those_of_a_dead_machine_within_35_s(acme, tmp_path):
    marks = [tmp_path / name for name in ("here", "elsewhere")]
    with running_cluster(workers=2) as dying:
        held = [tasks.submit("sample.talk", {"mark": str(mark)}, tenant_id=acme.id) for mark in marks]
        wait_until(lambda: all(mark.exists() for mark in marks) and clusters())
        with running_cluster(workers=1):
            # the other one is beyond its start, and whatever slowed it down then
            wait_until(lambda: any(row.heartbeat_at - row.started_at > WATCHED for row in clusters()[1:]))
            here, elsewhere = [fresh(task) for task in held]
            with operator_scope("operator:test"):  # where nobody here can look for its process
                Worker.objects.filter(id=elsewhere.worker_id).update(machine="elsewhere")
            kill(dying)
            killed_at = clock.now()
            for mark in marks:
                mark.with_suffix(".go").touch()  # the next attempts end at once
            wait_until(lambda: all(fresh(task).status == "completed" for task in held))
    for task in map(fresh, held):
        assert (task.attempt, task.crash_count, task.failures) == (2, 1, 0)
    assert fresh(here).started_at < here.lease_expires_at - timedelta(seconds=10)  # nobody waited for its lease
    assert fresh(elsewhere).started_at - killed_at < RESCUED_WITHIN


def clusters():
    """The rows of clusters, the oldest first."""
    with operator_scope("operator:test"):
        return list(Cluster.objects.order_by("id"))


def kill(cluster):
    """All its processes at once, as the end of its machine would."""
    for process in [psutil.Process(cluster.main), *cluster.family()]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)
    for process in [psutil.Process(cluster.main), *cluster.family()]:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
