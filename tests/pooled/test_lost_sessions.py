"""Sessions end under threads that submit and under workers, with and without a pooler between: nothing is answered
with an error of ours, and nothing is lost."""

from collections import Counter

import pytest

from queueapp import tasks
from queueapp.models import Task, Tenant
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.rest.calling import key_for
from tests.rest.live import live_server
from tests.sql_queries import end_other_sessions
from tests.waiting import threads, wait_until

ROUNDS = 3


@pytest.fixture(params=["clean_database", "pooled"], autouse=True)
def way(request):
    """Directly, or through the pooler."""
    request.getfixturevalue(request.param)
    return request.param


def test_each_thread_submits_again(acme):
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=acme.id).update(limits={"tasks_per_minute": None})
    key = key_for(acme)
    with live_server() as live, threads(16) as run:

        def post(_):
            return live.send(key, "POST", "/tasks", {"type": "echo"}).status_code

        for _ in range(ROUNDS):
            answers = Counter(future.result() for future in [run(post, number) for number in range(40)])
            assert answers == {202: 40}
            end_other_sessions()


def test_workers_claim_and_settle_again(acme):
    with running_cluster(workers=2) as cluster:
        before = {worker.pid for worker in cluster.live_workers()}
        ids = []
        for _ in range(ROUNDS):
            ids += tasks.submit_many([{"type": "sample.record", "params": {"seconds": 0.01}}] * 60, tenant_id=acme.id)
            end_other_sessions()
        with operator_scope("operator:test"):
            done = Task.objects.filter(id__in=ids, status="completed", failures=0, crash_count=0)
            wait_until(lambda: done.count() == len(ids))
        assert {worker.pid for worker in cluster.live_workers()} == before
