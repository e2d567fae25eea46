"""Deduplication keys: one live task a key, in a tenant and queue, until the key expires."""

from datetime import timedelta
from threading import Barrier

import pytest
from django.db.models import F

from queueapp import tasks
from queueapp.errors import DuplicateTask
from queueapp.models import DedupKey, Queue, Task
from queueapp.tenancy import operator_scope, tenant_scope
from tests.factories import fresh
from tests.waiting import PATIENCE_SECONDS, threads


@pytest.fixture
def submit(acme):
    """Submit with key "k" for acme, unless told otherwise."""

    def run(on_conflict="return", *, key="k", ttl_seconds=60, **fields):
        dedup = {"key": key, "ttl_seconds": ttl_seconds, "on_conflict": on_conflict}
        return tasks.submit("echo", **{"tenant_id": acme.id, "dedup": dedup, **fields})

    return run


def expire_keys():
    with operator_scope("operator:test"):
        DedupKey.objects.update(expires_at=F("expires_at") - timedelta(days=400))


def how_many():
    with operator_scope("operator:test"):
        return Task.objects.count()


def test_return_yields_the_task_that_holds_the_key(submit):
    first = submit()
    assert submit(params={"other": 1}).id == first.id
    assert fresh(first).params == {}
    assert how_many() == 1


def test_reject_names_the_holder_and_stores_nothing(submit):
    first = submit()
    with pytest.raises(DuplicateTask) as refused:
        submit("reject")
    assert (refused.value.key, refused.value.task_id) == ("k", first.id)
    assert how_many() == 1


def test_replace_cancels_the_holder_and_takes_the_key(submit):
    first = submit()
    second = submit("replace")
    assert (fresh(first).status, fresh(second).status) == ("cancelled", "queued")
    assert submit().id == second.id


def test_replace_asks_a_running_holder_to_stop(submit, make_task, acme):
    running = make_task("leased")
    with operator_scope("operator:test"):
        DedupKey.objects.create(tenant=acme, queue="default", key="k", task=running, expires_at="2100-01-01T00:00Z")
    assert submit("replace").id != running.id
    assert fresh(running).status == "leased"
    assert fresh(running).cancel_requested_at is not None


def test_a_task_that_ended_holds_its_key_until_it_expires(submit, acme):
    first = submit()
    tasks.cancel(first.id, tenant_id=acme.id)
    assert submit().id == first.id


@pytest.mark.parametrize("on_conflict", ["return", "reject", "replace"])
def test_an_expired_key_is_free(submit, on_conflict):
    first = submit()
    expire_keys()
    second = submit(on_conflict)
    assert second.id != first.id
    assert submit().id == second.id
    assert how_many() == 2


def test_taking_over_an_expired_key_leaves_the_old_task_alone(submit):
    first = submit()
    expire_keys()
    submit()
    assert fresh(first).status == "queued"


def test_keys_are_of_a_tenant_and_a_queue(submit, globex):
    with operator_scope("operator:test"):
        Queue.objects.create(name="other")
    ids = {submit().id, submit(queue="other").id, submit(tenant_id=globex.id).id, submit(key="K").id}
    assert len(ids) == 4


def test_a_batch_takes_each_key_once(acme, submit):
    live = submit(key="live").id
    submit(key="old")
    expire_keys()
    live = submit(key="live").id
    items = [{"type": "echo", "dedup": {"key": key}} for key in ("new", "live", "old", "new")]
    ids = tasks.submit_many([*items, {"type": "echo"}], tenant_id=acme.id)
    assert ids[1] == live
    assert ids[0] == ids[3]
    assert len(set(ids)) == 4
    with tenant_scope(acme.id):
        assert set(DedupKey.objects.values_list("key", "task_id")) == {
            ("new", ids[0]),
            ("live", ids[1]),
            ("old", ids[2]),
        }


def test_a_batch_that_rejects_names_the_holder_within_or_without(acme, submit):
    item = {"type": "echo", "dedup": {"key": "twice", "on_conflict": "reject"}}
    with pytest.raises(DuplicateTask, match="twice"):
        tasks.submit_many([item, item], tenant_id=acme.id)
    assert how_many() == 0
    first = submit(key="twice")
    with pytest.raises(DuplicateTask) as refused:
        tasks.submit_many([{"type": "echo"}, item], tenant_id=acme.id)
    assert refused.value.task_id == first.id
    assert how_many() == 1


def test_two_hundred_threads_with_one_key_make_one_task(acme, submit):
    together = 200
    barrier = Barrier(together)

    def rush():
        barrier.wait(PATIENCE_SECONDS)
        return submit().id

    with threads(together) as run:
        answers = [future.result(PATIENCE_SECONDS) for future in [run(rush) for _ in range(together)]]
    assert how_many() == 1
    assert len(answers) == 200 and len(set(answers)) == 1
