"""Handlers that hand over what PostgreSQL cannot keep: their own task bears it, and their worker works on."""

import pytest

from queueapp import lifecycle
from queueapp.models import TaskLog
from queueapp.states import FINAL
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.waiting import wait_until


@pytest.fixture
def cluster(ground):
    """One worker: whatever stops it stops everything."""
    with running_cluster(workers=1) as cluster:
        yield cluster


@pytest.fixture
def submit(acme, cluster):
    return lambda type, **options: lifecycle.submit(type, tenant_id=acme.id, **options)


def ended(task):
    return fresh(task).status in FINAL


def test_an_error_of_any_name_and_any_wish_to_wait_is_settled(submit, cluster):
    (worker,) = cluster.live_workers()
    long_name = submit("sample.long_error")
    for_ever = submit("sample.later_for_ever", max_retries=1)
    exits = submit("sample.exit")
    neighbour = submit("sample.noop")
    wait_until(lambda: ended(long_name) and ended(exits) and ended(neighbour) and fresh(for_ever).failures)
    assert fresh(long_name).error_code == "Very" * 25
    assert fresh(for_ever).status == "failed"
    assert fresh(for_ever).run_at.year < 2100
    row = fresh(exits)
    assert (row.status, row.error_code, row.crash_count) == ("dead_letter", "SystemExit", 0)
    assert [each.id for each in cluster.live_workers()] == [worker.id]


def test_what_a_handler_tells_is_kept_as_well_as_it_can_be(submit, cluster):
    (worker,) = cluster.live_workers()
    task = submit("sample.rubbish")
    wait_until(lambda: ended(task))
    row = fresh(task)
    assert (row.status, row.attempt) == ("completed", 1)
    assert row.progress == {"fraction": 0.5, "message": "NUL \\0 and half a pair ?"}
    with operator_scope("operator:test"):
        line = TaskLog.objects.get(task_id=task.id, kind="log")
    assert line.message == "NUL \\0"
    assert line.detail == {"nul": "\\0", "half": "?", "endless": ["inf", "nan"], "key\\0": 1, "set": "{1}"}
    assert [each.id for each in cluster.live_workers()] == [worker.id]
