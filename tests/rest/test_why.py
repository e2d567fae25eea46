"""GET /tasks/{id}/why names what a task waits for, in codes and words."""

import pytest

from queueapp import clock, maintenance
from queueapp.apikeys import create_key
from queueapp.models import Queue, Worker
from queueapp.operators import service
from queueapp.tenancy import operator_scope
from tests.commands.calling import create_worker


def reasons(client, task):
    answer = client.get(f"/tasks/{task.id}/why").json()
    assert answer["id"] == str(task.id)
    assert all(reason["message"] for reason in answer["reasons"])
    return {reason["code"]: reason for reason in answer["reasons"]}


@pytest.fixture
def a_worker(clean_database):
    return create_worker(capabilities={"categories": ["sample.*", "echo"], "region": ["eu", "us"]})


@pytest.mark.parametrize("status", ["completed", "dead_letter", "cancelled"])
def test_it_has_finished(client, make_task, status):
    (code, reason), *others = reasons(client, make_task(status)).items()
    assert (code, others) == ("finished", [])
    assert status in reason["message"]


def test_it_runs(client, make_task):
    task = make_task("leased")
    assert reasons(client, task)["running"]["worker_id"] == str(task.worker_id)
    client.post(f"/tasks/{task.id}/cancel")
    assert list(reasons(client, task)) == ["cancelling"]


def test_it_has_expired_or_will(client, make_task, a_worker):
    task = make_task(expires_at=clock.now())
    assert reasons(client, task)["expires"]["expires_at"] == client.get(f"/tasks/{task.id}").json()["expires_at"]
    maintenance.run_once()
    (code, reason), *others = reasons(client, task).items()
    assert (code, others) == ("expired", [])
    assert reason["message"].startswith("It had not started by")
    assert client.get(f"/tasks/{task.id}").json()["error"]["code"] == "expired"


def test_it_is_not_due(client, make_task, a_worker):
    task = make_task("scheduled")
    (reason,) = reasons(client, task).values()
    assert (reason["code"], reason["run_at"][:19]) == ("not_due", task.run_at.isoformat()[:19])


def test_it_is_to_be_retried(client, make_task, a_worker):
    (reason,) = reasons(client, make_task("failed")).values()
    assert (reason["code"], reason["error_code"]) == ("retry_at", "handler_error")


def test_it_depends_on_others(client, make_task):
    assert list(reasons(client, make_task("blocked"))) == ["blocked"]


def test_its_queue_is_paused(client, make_task, a_worker):
    task = make_task()
    with operator_scope("operator:test"):
        service.pause_queue("default")
    assert list(reasons(client, task)) == ["queue_paused", "position"]


@pytest.mark.parametrize(
    ("fields", "capable"),
    [
        ({"type": "sample.noop"}, True),
        ({"type": "sample.noop", "requirements": {"region": "eu"}}, True),
        ({"type": "sample.noop", "requirements": {"region": "asia"}}, False),
        ({"type": "sample.noop", "requirements": {"gpu": True}}, False),
        ({"type": "sleep"}, False),
        ({"type": "sample.declared"}, False),
        ({"type": "sample.noop", "queue": "platform"}, False),
    ],
)
def test_no_worker_is_capable(client, make_task, a_worker, fields, capable):
    assert ("no_capable_worker" not in reasons(client, make_task(**fields))) is capable


@pytest.mark.parametrize(("owner", "capable"), [("acme", True), ("globex", False)])
def test_a_declared_type_waits_for_its_own_tenants_workers(client, make_task, request, a_worker, owner, capable):
    with operator_scope("operator:test"):
        key, _ = create_key(request.getfixturevalue(owner), "theirs", "worker")
    create_worker(cluster_id=key.id, machine=Worker.OVER_HTTP)
    assert ("no_capable_worker" not in reasons(client, make_task(type="sample.declared"))) is capable


def test_a_dead_worker_is_none(client, make_task):
    create_worker(stopped_at="2026-01-01T00:00:00Z")
    assert reasons(client, make_task())["no_capable_worker"]["live_workers"] == 0


@pytest.mark.parametrize(
    ("strategy", "ahead"),
    [("priority", 3), ("fifo", 4), ("lifo", 2), ("weighted_random", 1), ("fair", 3)],
)
def test_how_many_come_before_it(client, make_task, globex, a_worker, strategy, ahead):
    with operator_scope("operator:test"):
        Queue.objects.filter(name="default").update(strategy=strategy)
    make_task(priority=1)
    make_task(priority=9)
    make_task(priority=9, tenant=globex, type="another.kind")
    make_task(priority=5)
    task = make_task(priority=5)
    make_task(priority=5)
    make_task("scheduled", priority=9)
    make_task(priority=1)
    make_task(queue="platform", priority=9)
    position = reasons(client, task)["position"]
    assert (position["ahead"], position["strategy"]) == (ahead, strategy)
    assert position["message"].startswith("Before it comes 1 task " if ahead == 1 else f"Before it come {ahead} tasks ")
