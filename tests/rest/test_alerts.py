"""GET /alerts and `qinfo` say what is wrong now and what to do; a tenant hears of its own tasks only."""

from datetime import timedelta

import pytest

from queueapp import clock, maintenance
from queueapp.apikeys import create_key
from queueapp.models import Queue, TaskStat, Worker
from queueapp.operators import service
from queueapp.tasks import alerts
from queueapp.tasks.filters import TaskFilter
from queueapp.tenancy import operator_scope
from tests.commands.calling import create_worker, run, run_json

pytestmark = pytest.mark.usefixtures("clean_database")


def found(client, query=""):
    listed = client.get(f"/alerts{query}").json()["results"]
    assert all(each["message"] and each["advice"] and TaskFilter.model_validate(each["filter"]) for each in listed)
    return listed


def codes(client, query=""):
    return [(each["code"], each["count"]) for each in found(client, query)]


def tasks_of(client, alert):
    query = "&".join(f"{name}={value}" for name, value in alert["filter"].items())
    return {each["id"] for each in client.get(f"/tasks?{query}").json()["results"]}


@pytest.fixture
def a_worker():
    return create_worker(capabilities={"categories": ["echo", "sample.*"], "region": ["eu", "us"]})


def test_where_nothing_is_wrong_there_is_none(admin, client, make_task, a_worker):
    make_task()
    make_task("scheduled", requirements={"region": "asia"})
    make_task("completed")
    assert codes(admin) == codes(client) == []
    assert run_json("qinfo")["alerts"] == []


def test_without_a_worker_operators_hear_of_it_at_once_and_tenants_when_they_wait(admin, client, make_task, globex):
    assert (codes(admin), codes(client)) == ([("no_capable_worker", 0)], [])
    make_task(tenant=globex)
    assert (codes(admin), codes(client)) == ([("no_capable_worker", 1)], [])
    make_task()
    assert (codes(admin), codes(client)) == ([("no_capable_worker", 2)], [("no_capable_worker", 1)])
    assert (codes(admin, "?tenant=globex"), codes(admin, "?tenant=acme")) == (codes(client), codes(client))


def test_what_nobody_can_take_is_grouped_by_what_the_nearest_worker_lacks(admin, client, make_task, a_worker):
    create_worker(queues=["config"], capabilities={"categories": ["ari.*"], "password": "hunter2"})
    asia = [make_task(requirements={"region": "asia"}) for _ in range(2)]
    asia.append(make_task(requirements={"region": "asia"}, type="sample.noop", priority=9))
    secret = make_task(requirements={"password": "tr_0123456789abcdef"})
    make_task(requirements={"region": "eu"})
    for each in (admin, client):
        first, second = found(each)
        assert first["detail"] == {
            "live_workers": 2,
            "nearest": {"worker_id": str(a_worker.id), "lacks": ["region=asia"]},
        }
        assert (first["count"], first["counts_more"]) == (3, False)
        assert first["filter"] == {"state": "queued", "queue": "default"}
        assert tasks_of(each, first) >= {str(task.id) for task in asia}
        assert (second["detail"]["nearest"]["lacks"], second["count"]) == (["password=***"], 1)
        assert tasks_of(each, second) >= {str(secret.id)}
    reason = client.get(f"/tasks/{asia[0].id}/why").json()["reasons"][0]
    assert reason["nearest"] == first["detail"]["nearest"]
    assert "The nearest lacks region=asia." in reason["message"]
    assert "The nearest lacks region=asia. 3 tasks are waiting. Start a cluster" in run("qinfo")


def test_a_type_is_served_by_its_own_tenants_workers_over_http(admin, client, make_task, acme, globex):
    with operator_scope("operator:test"):
        key, _ = create_key(acme, "theirs", "worker")
    create_worker(cluster_id=key.id, machine=Worker.OVER_HTTP)
    make_task(type="sample.declared")
    assert (codes(admin), codes(client)) == ([], [])
    make_task(type="sample.declared", tenant=globex)
    assert (codes(admin), codes(client)) == ([("no_capable_worker", 1)], [])
    assert codes(admin, "?tenant=globex") == [("no_capable_worker", 1)]
    assert found(admin, "?tenant=globex")[0]["detail"]["nearest"] is None


def test_a_paused_queue_is_wrong_while_tasks_wait_in_it(admin, client, make_task, globex, a_worker, monkeypatch):
    with operator_scope("operator:ada"):
        Queue.objects.create(name="idle")
        service.pause_queue("idle")
        service.pause_queue("default", "bad encoder", clock.now() + timedelta(hours=1))
    assert codes(admin) == []
    for _ in range(3):
        make_task(tenant=globex)
    assert (codes(admin), codes(client)) == ([("queue_paused", 3)], [])
    make_task()
    (of_all,), (own,) = found(admin), found(client)
    assert (of_all["detail"]["by"], of_all["detail"]["reason"]) == ("operator:ada", "bad encoder")
    assert "by operator:ada: bad encoder. The pause ends at" in of_all["message"]
    assert own["count"] == 1
    assert "ada" not in str(own)
    monkeypatch.setattr(alerts, "MOST_COUNTED", 2)
    (capped,) = found(admin)
    assert (capped["count"], capped["counts_more"]) == (2, True)


def test_what_waits_long_although_it_could_be_taken(admin, client, make_task, a_worker):
    make_task(run_at=clock.now() - timedelta(seconds=200))
    make_task("leased", worker_id=a_worker.id)
    assert codes(admin) == []
    old = make_task(run_at=clock.now() - timedelta(seconds=400), priority=1)
    (of_all,), (own,) = found(admin), found(client)
    assert (of_all["code"], of_all["detail"]["busy_workers"], of_all["detail"]["live_workers"]) == ("late", 1, 1)
    assert 400 <= own["detail"]["oldest_wait_seconds"] < 460
    assert "workers" not in own["message"]
    assert str(old.id) in tasks_of(client, own)


def test_dead_letters_far_above_usual(admin, client, make_task, globex, a_worker):
    for _ in range(9):
        make_task("dead_letter")
    make_task("dead_letter", tenant=globex)
    maintenance.run_once()
    assert (codes(admin), codes(client)) == ([("dead_letters", 10)], [])
    make_task("dead_letter")
    maintenance.run_once()
    assert codes(client) == [("dead_letters", 10)]
    assert found(client)[0]["filter"] == {"state": "dead_letter", "type": "echo"}
    with operator_scope("operator:test"):
        stat = TaskStat.objects.get(tenant__slug="acme", span_seconds=60, to_status="dead_letter")
        TaskStat.objects.create(
            **{name: getattr(stat, name) for name in ("tenant_id", "queue", "type", "to_status")},
            **{
                "span_seconds": 60,
                "starts_at": stat.starts_at - timedelta(hours=3),
                "moves": 24 * 3,
                "wait_seconds": 0,
                "run_seconds": 0,
            },
        )
    assert codes(client) == []


def test_what_expires_soon_without_a_start(admin, client, make_task, globex, a_worker):
    now = clock.now()
    make_task(expires_at=now + timedelta(seconds=60))
    make_task("scheduled", expires_at=now + timedelta(hours=1), created_at=now - timedelta(days=1))
    assert codes(admin) == []
    soon = make_task(expires_at=now + timedelta(seconds=60), created_at=now - timedelta(seconds=90))
    make_task("failed", tenant=globex, expires_at=now + timedelta(seconds=60), created_at=now - timedelta(seconds=90))
    assert (codes(admin), codes(client)) == ([("expires", 2)], [("expires", 1)])
    assert str(soon.id) in tasks_of(client, found(client)[0])
