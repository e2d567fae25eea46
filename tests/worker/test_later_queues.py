"""A queue that is added later is served by whoever serves all queues, at once, and by nobody else."""

from queueapp import tasks
from queueapp.claiming import Capabilities, Claimer
from queueapp.models import Task, Worker
from queueapp.models.base import new_id
from queueapp.operators import service
from queueapp.redis import notifier
from queueapp.tasks.diagnosis import why
from queueapp.tasks.queries import queue_rows
from queueapp.tenancy import operator_scope
from queueapp.worker.heartbeats import register
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.waiting import wait_until


def add_queue(name="later"):
    with operator_scope("operator:test"):
        service.add_queue(name)


def claimer_of(queues):
    capabilities = Capabilities(queues)
    worker = Claimer(new_id(), capabilities)
    register(worker.worker_id, new_id(), capabilities)
    return worker


def test_who_serves_all_queues_claims_of_it_and_waits_at_it(acme):
    everywhere, elsewhere = claimer_of(None), claimer_of(("default",))
    assert everywhere.claim() == elsewhere.claim() == []
    assert "default" in everywhere.queues
    add_queue()
    task = tasks.submit("echo", queue="later", tenant_id=acme.id)
    assert elsewhere.claim() == []
    assert [claimed.id for claimed in everywhere.claim()] == [task.id]
    assert "later" in everywhere.queues
    assert elsewhere.queues == ("default",)
    notifier.notify(["later"])
    assert notifier.wait(everywhere.queues, 0.8)


def test_lists_and_diagnosis_know_who_serves_it(acme):
    claimer_of(("default",))
    add_queue()
    task = tasks.submit("echo", queue="later", tenant_id=acme.id)
    assert "no_capable_worker" in codes(task)
    assert live_workers("later") == 0
    claimer_of(None)
    assert "no_capable_worker" not in codes(task)
    assert live_workers("later") == 1
    with operator_scope("operator:test"):
        assert Worker.objects.filter(queues=None).count() == 1


def codes(task):
    with operator_scope("operator:test"):
        return [reason.code for reason in why(Task.objects.get(id=task.id))]


def live_workers(queue):
    with operator_scope("operator:test"):
        return next(row.live_workers for row in queue_rows() if row.name == queue)


def test_a_running_cluster_serves_it(acme):
    with running_cluster(workers=1):
        add_queue()
        first = tasks.submit("echo", queue="later", tenant_id=acme.id)
        wait_until(lambda: fresh(first).status == "completed")
        assert fresh(first).attempt == 1
