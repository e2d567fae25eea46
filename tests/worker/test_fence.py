"""A worker that was declared dead claims nothing, notices it, and makes room for a new one."""

import pytest

from queueapp import tasks
from queueapp.claiming import Capabilities
from queueapp.models import Queue, Worker
from queueapp.models.base import Now, new_id
from queueapp.tenancy import operator_scope
from queueapp.worker.heartbeats import register
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.waiting import wait_until
from tests.worker.claimers import claimer, submit


def declare_dead(worker_id):
    with operator_scope("operator:test"):
        Worker.objects.filter(id=worker_id).update(stopped_at=Now())


@pytest.mark.parametrize("strategy", Queue.Strategy.values)
def test_a_worker_that_was_declared_dead_claims_nothing(acme, strategy):
    worker = claimer(strategy)
    register(worker.worker_id, new_id(), Capabilities(None))
    submit(acme, 150)
    assert worker.claim()
    declare_dead(worker.worker_id)
    assert worker.claim() == []
    assert not worker.pauses.ask(worker.worker_id)
    assert claimer(strategy).claim()  # and it locked nothing that others may take


def test_its_process_leaves_and_a_new_one_goes_on(acme):
    with running_cluster(workers=1) as cluster:
        (old,) = cluster.live_workers()
        declare_dead(old.id)
        task = tasks.submit("sample.noop", tenant_id=acme.id)
        wait_until(lambda: fresh(task).status == "completed")
        assert fresh(task).worker_id not in (None, old.id)
        assert (fresh(task).attempt, fresh(task).crash_count) == (1, 0)
        wait_until(lambda: [worker.id != old.id for worker in cluster.live_workers()] == [True])
