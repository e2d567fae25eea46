"""Bulk operations: what a preview says, what is frozen, tried first, stopped, killed and asked for twice."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from queueapp import builtin_handlers, maintenance
from queueapp.claiming import Capabilities, Claimer
from queueapp.errors import BulkUnderWay, LeaseLost
from queueapp.models import Task, TaskLog
from queueapp.tasks import bulk_preview, bulk_run, cancel
from queueapp.tasks.bulk import BulkParams, submit_bulk
from queueapp.tasks.bulk_preview import QueueShare, preview
from queueapp.tasks.bulk_run import BulkRun
from queueapp.tasks.settle import OutcomeKind
from queueapp.tenancy import operator_scope
from queueapp.worker.attempt_records import AttemptRecords
from queueapp.worker.context import TaskContext
from queueapp.worker.interrupts import CancelRequested
from tests.factories import attempt_at, fresh
from tests.platform_worker import run_platform_tasks
from tests.tasks.workers import Worker, expire_lease, make_due


def params(verb="retry", *, type="echo", **fields):
    return BulkParams(verb=verb, filter={"type": type}, **fields)


def seen(params, tenant=None):
    with operator_scope("operator:test"):
        return preview(params, tenant=tenant)


def end_the_next(*kinds):
    """One worker after another ends a task of the default queue."""
    for kind in kinds:
        claimed = (worker := Worker()).claim()
        worker.settle(claimed.id, claimed.attempt, kind, result="{}" if kind == OutcomeKind.COMPLETED else None)


def _claimed(worker):
    """The only task that waits in the platform's queue."""
    (claimed,) = Claimer(worker.id, Capabilities(queues=(builtin_handlers.QUEUE,))).claim()
    return claimed


def statuses(tasks):
    return [fresh(task).status for task in tasks]


def lines(task):
    with operator_scope("operator:test"):
        return list(
            TaskLog.objects.filter(task_id=task.id, kind="log").order_by("id").values_list("message", flat=True)
        )


@pytest.fixture
def dead(make_task):
    """Five dead letters, the newest first, as a bulk operation takes them."""
    return [make_task("dead_letter") for _ in range(5)][::-1]


def test_a_preview_tells_tenants_and_queues_and_what_would_wait(dead, make_task, globex):
    make_task("queued")
    make_task("completed")
    make_task("dead_letter", type="other")
    make_task("dead_letter", tenant=globex)
    maintenance.run_once()  # counters are kept
    found = seen(params())
    assert [(each.tenant.slug, each.count) for each in found.tenants] == [("acme", 5), ("globex", 1)]
    assert (found.total, found.is_capped) == (6, False)
    assert found.queues == [QueueShare("default", 6, waiting_now=1, waiting_after=7)]
    assert {task.status for task in found.sample} == {"dead_letter"}
    assert seen(params("cancel")).queues == [QueueShare("default", 1, waiting_now=1, waiting_after=0)]
    assert [each.tenant.slug for each in seen(params(), tenant="globex").tenants] == ["globex"]


def test_a_preview_counts_to_its_cap_and_overlooks_no_tenant(dead, make_task, globex, monkeypatch):
    monkeypatch.setattr(bulk_preview, "MOST_COUNTED", 2)
    make_task("dead_letter", tenant=globex)
    found = seen(params())
    assert found.is_capped
    assert [(each.tenant.slug, each.count) for each in found.tenants] == [("acme", 3), ("globex", 1)]


def test_what_is_newer_than_the_preview_is_not_touched(dead, make_task, acme, background):
    as_of = seen(params()).as_of
    with operator_scope("operator:test"):  # one of them has been tried since, and failed
        Task.objects.filter(id=dead[0].id).update(updated_at=Now() + timedelta(seconds=1))
    later = make_task("dead_letter")
    bulk = submit_bulk(params(as_of=as_of), tenant_id=acme.id)
    run_platform_tasks(background)
    assert fresh(bulk).result["changed"] == 4
    assert statuses([dead[0], later, *dead[1:]]) == ["dead_letter"] * 2 + ["queued"] * 4


def test_the_others_follow_when_the_first_have_succeeded(dead, acme, background):
    bulk = submit_bulk(params(try_first=3, go_on_if=2), tenant_id=acme.id)
    run_platform_tasks(background)
    assert statuses(dead) == ["queued"] * 3 + ["dead_letter"] * 2
    make_due(bulk.id)
    run_platform_tasks(background)  # none has ended: it waits, and holds no worker
    waiting = fresh(bulk)
    assert (waiting.status, waiting.failures, waiting.result["changed"]) == ("scheduled", 0, 3)
    assert "0 succeeded, 0 failed, 3 have not ended" in waiting.progress["message"]
    end_the_next(OutcomeKind.PERMANENT, OutcomeKind.COMPLETED, OutcomeKind.COMPLETED)
    make_due(bulk.id)
    run_platform_tasks(background)
    done = fresh(bulk)
    assert (done.status, done.result["changed"], done.result["failed_again"]) == ("completed", 5, 1)
    assert sorted(statuses(dead)) == ["completed", "completed", "dead_letter", "queued", "queued"]
    assert lines(bulk)[1] == "of 3 tried first 2 succeeded and 1 failed: the others follow"


def test_it_stops_when_too_many_of_the_first_have_failed(dead, acme, background):
    bulk = submit_bulk(params("redrive", try_first=3, go_on_if=2), tenant_id=acme.id)
    run_platform_tasks(background)
    end_the_next(OutcomeKind.PERMANENT, OutcomeKind.PERMANENT)
    make_due(bulk.id)
    run_platform_tasks(background)
    done = fresh(bulk)
    assert (done.status, done.result["changed"], done.result["failed_again"]) == ("completed", 3, 2)
    assert done.result["stopped_because"] == "of 3 tried first 0 succeeded and 2 failed"
    assert statuses(dead[3:]) == ["dead_letter"] * 2


def test_one_that_waits_for_the_first_is_cancelled_and_says_what_it_did(dead, acme, background):
    bulk = submit_bulk(params(try_first=2), tenant_id=acme.id)
    run_platform_tasks(background)
    cancel(bulk.id, tenant_id=acme.id)
    assert (fresh(bulk).status, fresh(bulk).result["changed"]) == ("cancelled", 2)


def test_one_that_is_stopped_leaves_what_is_done_and_says_so(dead, acme, background, monkeypatch):
    monkeypatch.setattr(bulk_run, "BATCH", 2)
    bulk = submit_bulk(params(), tenant_id=acme.id)
    attempt = attempt_at(_claimed(worker := Worker()), worker.id)
    attempt.cancel_requested = True  # it notices after its first step
    with pytest.raises(CancelRequested):
        builtin_handlers.bulk(TaskContext(attempt, AttemptRecords(attempt, background)), params())
    worker.settle(*attempt.key, OutcomeKind.CANCELLED)
    assert statuses(dead) == ["queued"] * 2 + ["dead_letter"] * 3
    stopped = fresh(bulk)
    assert (stopped.status, stopped.result["total"], stopped.result["changed"]) == ("cancelled", 5, 2)
    assert lines(bulk) == ["retry: 2 tasks changed, 0 refused"]


def test_a_kill_loses_and_repeats_nothing(dead, acme, background, monkeypatch):
    monkeypatch.setattr(bulk_run, "BATCH", 2)
    failed_so = BulkParams(verb="retry", filter={"error_code": "handler_error"})
    bulk = submit_bulk(failed_so, tenant_id=acme.id)
    claimed = _claimed(Worker())
    killed = BulkRun((claimed.id, claimed.attempt), acme.id, failed_so, print)
    assert killed.step()
    end_the_next(OutcomeKind.PERMANENT)  # one that it queued fails again, in another way
    expire_lease(bulk.id)
    with pytest.raises(LeaseLost):
        killed.step()
    run_platform_tasks(background)
    done = fresh(bulk)
    assert (done.status, done.crash_count) == ("completed", 1)
    assert (done.result["changed"], done.result["refused"], done.result["failed_again"]) == (5, {}, 1)
    assert sorted(statuses(dead)) == ["dead_letter"] + ["queued"] * 4


def test_the_same_twice_within_a_minute_is_refused_while_the_first_is_under_way(acme, globex, background):
    first = submit_bulk(params(reason="the provider is back"), tenant_id=acme.id)
    with pytest.raises(BulkUnderWay) as refusal:
        submit_bulk(params(reason="again"), tenant_id=acme.id)
    assert refusal.value.task_id == first.id
    for other in (params("redrive"), params(type="other")):
        submit_bulk(other, tenant_id=acme.id)
    submit_bulk(params(), tenant_id=globex.id)
    submit_bulk(params(), tenant_id=acme.id, again=True)
    run_platform_tasks(background)
    submit_bulk(params(), tenant_id=acme.id)  # it has ended
    with pytest.raises(BulkUnderWay):
        submit_bulk(params(), tenant_id=acme.id)
