"""Claiming over HTTP: what a key may take, in which order, and how long it waits."""

import time
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueapp import tasks
from queueapp.models import ApiKey, Queue, Task, Worker
from queueapp.redis import notifier
from queueapp.redis.connections import redis_client
from queueapp.rest import worker_api
from queueapp.rest.toolkit import waiting_places
from queueapp.rest.toolkit.waiting_places import WaitingPlaces
from queueapp.tenancy import operator_scope, tenant_scope
from tests.factories import create_task, fresh
from tests.waiting import PATIENCE_SECONDS, threads, wait_until
from tests.worker_api.conftest import CLASSIFICATION, YOUTUBE, WorkerApi, make_key


def test_a_claimed_task_is_leased_to_the_worker_with_all_that_it_needs(worker, acme, make_task):
    task = make_task(params={"password": "needed"}, priority=7, labels=["a"])
    (claimed,) = worker.claim(worker="one")
    row = fresh(task)
    assert (row.status, row.attempt) == ("leased", 1)
    assert claimed["lease_token"] == "1.one"
    assert claimed["params"] == {"password": "needed"}  # unlike a client, a worker is shown secrets
    expected = {"id": str(task.id), "type": "echo", "queue": "default", "priority": 7, "labels": ["a"], "attempt": 1}
    assert claimed.items() >= expected.items()
    assert claimed["lease_expires_at"] > claimed["created_at"]
    with operator_scope("operator:test"):
        registered = Worker.objects.get(id=row.worker_id)
    assert (registered.machine, registered.host, registered.stopped_at) == ("http", "one", None)


def test_only_tasks_of_the_keys_tenant_are_claimed(worker, stranger, make_task, globex):
    ours, theirs = make_task(), make_task(tenant=globex)
    assert [task["id"] for task in worker.claim(max=10)] == [str(ours.id)]
    assert [task["id"] for task in stranger.claim(max=10)] == [str(theirs.id)]


def test_only_matching_tasks_are_claimed(acme, make_task):
    worker = WorkerApi(make_key(acme, "worker", categories=["IdeaInspiration.Sources.*"], region="eu"))
    make_task(type=CLASSIFICATION)
    make_task(type=YOUTUBE, requirements={"region": "us"})
    matching = [make_task(type=YOUTUBE), make_task(type=YOUTUBE, requirements={"region": "eu"})]
    assert {task["id"] for task in worker.claim(max=10)} == {str(task.id) for task in matching}


def test_a_key_may_be_bound_to_queues_and_a_paused_queue_gives_nothing(acme, make_task):
    with operator_scope("operator:test"):
        Queue.objects.create(name="other")
    make_task()
    other = make_task(queue="other")
    worker = WorkerApi(make_key(acme, "worker", queues=["other"]))
    with operator_scope("operator:test"):
        Queue.objects.filter(name="other").update(paused_at=other.created_at)
    assert worker.claim(max=10) == []
    with operator_scope("operator:test"):
        Queue.objects.filter(name="other").update(paused_at=None)
    assert [task["id"] for task in worker.claim(max=10)] == [str(other.id)]


def test_what_only_a_cluster_can_complete_is_not_given_out(worker, make_task):
    make_task(type="sample.transactional")
    assert worker.claim(max=10) == []


def test_the_urgent_come_first_and_among_equals_the_old(worker, make_task):
    priorities = [1, 10, 5, 10, 5]
    made = [make_task(priority=priority) for priority in priorities]
    claimed = [task["id"] for task in worker.claim(max=4)]
    assert claimed == [str(made[index].id) for index in (1, 3, 2, 4)]


def test_a_task_whose_worker_died_comes_alone(worker, make_task):
    first, suspect, last = make_task(), make_task(), make_task()
    with operator_scope("operator:test"):
        Task.objects.filter(id=suspect.id).update(crash_count=1)
    sets = [[task["id"] for task in worker.claim(max=10)] for _ in range(3)]
    assert sets == [[str(first.id)], [str(suspect.id)], [str(last.id)]]


def test_others_million_tasks_are_not_read(worker, acme, globex, make_task):
    """The claim reads its own tenant's entries of the index, whoever else waits ahead with the same type."""
    with tenant_scope(globex.id):
        tasks.submit_many([{"type": "echo", "priority": 10}] * 2_000)
    ours = make_task(priority=1)
    with operator_scope("operator:test"):
        before = {t.id for t in Task.objects.filter(tenant=globex, status="queued")}
    assert [task["id"] for task in worker.claim(max=1)] == [str(ours.id)]
    with operator_scope("operator:test"):
        assert {t.id for t in Task.objects.filter(tenant=globex, status="queued")} == before


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"max": 0}, "max"),
        ({"max": 101}, "max"),
        ({"max": "1"}, "max"),
        ({"wait_seconds": False}, "wait_seconds"),
        ({"wait_seconds": 31}, "wait_seconds"),
        ({"worker": "a b"}, "worker"),
        ({"worker": "x" * 65}, "worker"),
        ({"categories": ["*"]}, "categories"),
    ],
)
def test_a_bad_request_names_its_field(worker, members, field):
    answer = worker.post("/worker/claim", members)
    assert (answer.status, answer.body["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("role", ["client", "admin"])
def test_only_worker_keys_lease(acme, make_task, role):
    task = make_task()
    answer = WorkerApi(make_key(acme, role)).post("/worker/claim", {})
    assert (answer.status, answer.body["code"]) == (403, "forbidden")
    assert fresh(task).status == "queued"


def test_a_key_with_unreadable_capabilities_leases_nothing(acme, make_task):
    """None is made so, but the column takes any JSON. Read as a list of letters, "X.*" would hold `*`."""
    make_task()
    key = make_key(acme, "worker")
    with operator_scope("operator:test"):
        ApiKey.objects.update(capabilities={"categories": "X.*"})
    answer = WorkerApi(key).post("/worker/claim", {})
    assert answer.status == 403
    assert "capabilities are malformed" in answer.body["detail"]


@pytest.fixture
def only_notifications(monkeypatch):
    """No poll without a notification, however long one waits."""
    monkeypatch.setattr(worker_api.long_poll, "POLL_INTERVAL_SECONDS", 3600.0)


def test_a_waiting_claim_is_woken_by_a_notification(worker, acme, only_notifications):
    with threads(1) as run:
        waiting_claim = run(partial(worker.claim, worker="waiter", wait_seconds=30))
        wait_until(lambda: _waits("waiter"))
        with tenant_scope(acme.id):
            submitted = tasks.submit("echo")
        (claimed,) = waiting_claim.result(timeout=PATIENCE_SECONDS)
        assert claimed["id"] == str(submitted.id)


def test_a_waiting_claim_takes_no_ring_from_others(worker, acme):
    with threads(1) as run:
        waiting_claim = run(partial(worker.claim, worker="waiter", wait_seconds=30))
        wait_until(lambda: _waits("waiter"))
        with tenant_scope(acme.id):
            tasks.submit("echo")
        assert waiting_claim.result(timeout=PATIENCE_SECONDS)
    assert redis_client().llen(notifier.notification_list("default")) == 1


def test_a_claim_waits_as_long_as_asked_and_no_longer(worker, only_notifications):
    started = time.monotonic()
    with threads(1) as run:
        assert run(partial(worker.claim, wait_seconds=0.3)).result(timeout=PATIENCE_SECONDS) == []
    assert time.monotonic() - started >= 0.3


def test_a_waiting_claim_holds_no_database_session(worker, acme):
    with threads(1) as run:
        waiting_claim = run(partial(worker.claim, worker="waiter", wait_seconds=30))
        wait_until(lambda: _waits("waiter"))
        with tenant_scope(acme.id):
            tasks.submit("echo")
        assert waiting_claim.result(timeout=PATIENCE_SECONDS)


def test_without_a_place_to_wait_a_claim_gets_what_is_there(worker, make_task, monkeypatch):
    places = WaitingPlaces(1)
    monkeypatch.setattr(waiting_places, "for_claims", lambda: places)
    with places.place("somebody", 30):
        answer = worker.post("/worker/claim", {"wait_seconds": 1})
        assert (answer.status, answer.body["code"]) == (503, "busy")
        assert 0 < int(answer.headers["Retry-After"]) <= 30
        assert worker.claim() == []
        task = make_task()
        assert [claimed["id"] for claimed in worker.claim(wait_seconds=1)] == [str(task.id)]


def test_racing_workers_share_the_tasks(acme, worker):
    for _ in range(40):
        create_task("queued", acme)
    with threads(4) as run:
        claims = [run(partial(worker.claim, worker=f"w{number}", max=20)) for number in range(4)]
        ids = [task["id"] for claim in claims for task in claim.result()]
    ids += [task["id"] for task in worker.claim(max=100)]
    assert (len(ids), len(set(ids))) == (40, 40)


def _waits(name: str) -> bool:
    """Whether a worker has looked, is heard of in Redis, and keeps no session of the database."""
    with operator_scope("operator:test"), connection.cursor() as cursor:
        has_looked = Worker.objects.filter(host=name).exists()
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()"
        )
        (sessions,) = cursor.fetchone()
    return has_looked and not sessions and redis_client().pubsub_numsub(notifier.channel())[0][1] > 0


def test_new_partitions_are_looked_for_only_where_nothing_was_found(worker, make_task):
    """Of a partition that is listed, a claim costs no such look."""
    for looked in (True, False):
        make_task()
        with CaptureQueriesContext(connection) as queries:
            assert len(worker.claim()) == 1
        assert any("new_partitions_exist" in query["sql"] for query in queries) is looked
