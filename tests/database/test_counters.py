"""The counters are kept by deltas: folded, they equal what a count of the rows says."""

from collections import Counter

import pytest

from queueapp import maintenance, tasks
from queueapp.models import Task, TaskCount, TaskDelta, TaskStat
from queueapp.states import Status
from queueapp.tenancy import operator_scope


def counted() -> Counter:
    return Counter(Task.objects.values_list("tenant_id", "queue", "status"))


def folded_by_hand() -> Counter:
    total: Counter = Counter()
    for delta in TaskDelta.objects.all():
        if delta.to_status:
            total[delta.tenant_id, delta.queue, delta.to_status] += delta.moves
        if delta.from_status:
            total[delta.tenant_id, delta.queue, delta.from_status] -= delta.moves
    return +total


@pytest.fixture
def history(make_task, acme, globex):
    """Tasks of two tenants in every status, some of them moved again, some deleted."""
    for status in Status:
        make_task(status)
        make_task(status, tenant=globex, queue="default", type="sleep")
    tasks.submit_many([{"type": "echo"} for _ in range(20)], tenant_id=acme.id)
    with operator_scope("operator:test"):
        waiting = list(Task.objects.filter(status="queued").values_list("id", flat=True))
        tasks.cancel_many(waiting[:7])
        tasks.retry_many(waiting[:3])
        Task.objects.filter(id__in=waiting[3:5]).delete()


def test_the_deltas_add_up_to_the_rows(history):
    with operator_scope("operator:test"):
        assert folded_by_hand() == counted()


def test_maintenance_folds_all_of_them_once(history):
    for _ in range(2):
        maintenance.run_once()
    with operator_scope("operator:test"):
        kept = {(row.tenant_id, row.queue, row.status): row.tasks for row in TaskCount.objects.filter(tasks__gt=0)}
        assert kept == counted()
        assert not TaskCount.objects.filter(tasks__lt=0).exists()
        assert not TaskDelta.objects.exists()


def test_the_statistics_say_what_passed(history):
    with operator_scope("operator:test"):
        moves = sum(TaskDelta.objects.filter(to_status__isnull=False).values_list("moves", flat=True))
    maintenance.run_once()
    with operator_scope("operator:test"):
        for span in (60, 3600):
            assert sum(TaskStat.objects.filter(span_seconds=span).values_list("moves", flat=True)) == moves
        assert all(stat.wait_seconds >= 0 and stat.run_seconds >= 0 for stat in TaskStat.objects.all())
