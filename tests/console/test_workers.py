"""Workers on the console: which live, what each runs, and which ended."""

from datetime import timedelta
from uuid import uuid4

from queueapp import clock
from queueapp.histograms import BUCKETS
from queueapp.models import Cluster, WorkerStat
from queueapp.tenancy import operator_scope
from tests.commands.calling import actions, create_worker

WORKERS = "/console/all/workers/"


def state_of(client, worker):
    return client.get(f"{WORKERS}{worker.id}/").context["figures"].state[0]


def test_the_living_are_told_from_the_dead(root):
    now = clock.now()
    idle = create_worker()
    silent = create_worker(heartbeat_at=now - timedelta(seconds=9))
    dead = create_worker(heartbeat_at=now - timedelta(minutes=5))
    ended = create_worker(stopped_at=now)
    answer = root.get(WORKERS)
    assert [figures.worker.id for figures in answer.context["workers"]] == [silent.id, idle.id]
    assert [figures.worker.id for figures in answer.context["ended"]] == [ended.id, dead.id]
    assert [state_of(root, each) for each in (idle, silent, dead, ended)] == ["idle", "silent", "dead", "ended"]
    assert root.get(f"{WORKERS}{uuid4()}/").status_code == 404


def test_a_slow_worker_is_told_by_the_median_of_those_that_serve_the_same(root):
    quick = [create_worker() for _ in range(3)]
    slow = create_worker()
    other = create_worker(queues=["slow"])
    with operator_scope("operator:test"):
        for worker, bucket in [*((each, 3) for each in quick), (slow, 9), (other, 12)]:
            histogram = [10 if place == bucket else 0 for place in range(BUCKETS)]
            done = {"attempts": 10, "failures": 1, "run_seconds": 1.0, "histogram": histogram}
            WorkerStat.objects.create(worker_id=worker.id, minute=clock.now(), **done)
    shown = {figures.worker.id: figures for figures in root.get(WORKERS).context["workers"]}
    assert shown[slow.id].is_slow and shown[slow.id].times_slower > 30
    assert (shown[quick[0].id].times_slower, shown[other.id].times_slower) == (1.0, None)
    assert (shown[slow.id].per_minute, shown[slow.id].failed_percent) == (10.0, 10.0)
    assert root.get(f"{WORKERS}{slow.id}/").context["figures"].is_slow


def test_a_worker_shows_what_it_runs_where_it_is_and_what_it_serves(root, make_task):
    with operator_scope("operator:test"):
        cluster = Cluster.objects.create(host="box", pid=77, machine="elsewhere", start_ticks=0)
    worker = create_worker(
        cluster_id=cluster.id, queues=["default"], capabilities={"region": "<eu>", "token": "s3cr3t"}
    )
    create_worker(queues=["slow"])
    task = make_task(status="leased", worker_id=worker.id)
    for address in (f"{WORKERS}?queue=default", f"{WORKERS}{worker.id}/"):
        text = root.get(address).content.decode()
        assert f'<a href="/console/all/tasks/{task.id}/">' in text and "box:77" in text
    assert "&lt;eu&gt;" in text and "s3cr3t" not in text
    assert state_of(root, worker) == "busy"
    assert [figures.worker for figures in root.get(f"{WORKERS}?queue=default").context["workers"]] == [worker]
    assert "manage.py qcluster --queues none" in root.get(f"{WORKERS}?queue=none").content.decode()


def test_a_worker_is_stopped_and_a_cluster_drained_on_record(root, make_task, acme):
    with operator_scope("operator:test"):
        cluster = Cluster.objects.create(host="box", pid=77, machine="elsewhere", start_ticks=0)
    worker = create_worker(cluster_id=cluster.id)
    make_task(status="leased", worker_id=worker.id)
    stop, drain = f"{WORKERS}{worker.id}/stop/", f"/console/all/clusters/{cluster.id}/drain/"
    for act in (stop, drain):
        assert "Tasks held: 1, of tenants: acme." in root.get(act).content.decode()
    assert root.post(drain).context["form"].errors["reason"]
    root.post(stop, {"reason": "it grows"})
    assert state_of(root, worker) == "stopping"
    assert "drains" in root.post(drain, {"reason": "a new kernel"}, follow=True).content.decode()
    assert actions() == [
        ("operator:root", "worker.stop", str(worker.id)),
        ("operator:root", "cluster.drain", str(cluster.id)),
    ]


def test_a_dead_worker_cannot_be_stopped(root):
    dead = create_worker(stopped_at=clock.now())
    answer = root.post(f"{WORKERS}{dead.id}/stop/")
    assert answer.context["form"].non_field_errors() == [f"Worker {dead.id} is not alive."]
    assert root.get(f"/console/all/clusters/{uuid4()}/drain/").status_code == 404
