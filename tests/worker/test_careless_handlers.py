"""Handlers that hand over what PostgreSQL cannot keep: their own task bears it, and their worker works on."""

import pytest
from django.db.models.functions import Now

from queueapp import tasks
from queueapp.models import Task
from queueapp.states import FINAL
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.waiting import wait_until


@pytest.fixture
def cluster(clean_database):
    """One worker: whatever stops it stops everything."""
    with running_cluster(workers=1) as cluster:
        yield cluster


@pytest.fixture
def submit(acme, cluster):
    return lambda type, **options: tasks.submit(type, tenant_id=acme.id, **options)


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


def test_an_outcome_that_postgresql_refuses_ends_its_own_task_only(submit, cluster):
    (worker,) = cluster.live_workers()
    refused = submit("sample.unstorable")
    neighbours = [submit("sample.noop") for _ in range(5)]
    wait_until(lambda: all(ended(task) for task in [refused, *neighbours]))
    assert {fresh(task).status for task in neighbours} == {"completed"}
    row = fresh(refused)
    assert (row.status, row.error_code, row.attempt) == ("dead_letter", "outcome_not_storable", 1)
    assert [each.id for each in cluster.live_workers()] == [worker.id]


@pytest.mark.parametrize("type", ["sample.noop", "sample.keep"])
def test_parameters_of_another_version_are_refused_for_good_and_not_repeated(acme, cluster, type):
    with operator_scope("operator:test"):
        task = tasks.submit(type, tenant_id=acme.id, delay_seconds=60, max_retries=3)
        Task.objects.filter(id=task.id).update(params={"mark": ["hunter2"]}, run_at=Now())
    wait_until(lambda: ended(task))
    row = fresh(task)
    assert (row.status, row.error_code, row.attempt) == ("dead_letter", "task_rejected_invalid_params", 1)
    assert row.error_message == "params.mark: Input should be a valid string"


def test_what_a_handler_itself_reads_wrong_is_tried_again_as_any_other_error(submit):
    task = submit("sample.misread", max_retries=1)
    wait_until(lambda: ended(task))
    row = fresh(task)
    assert (row.status, row.error_code, row.attempt) == ("dead_letter", "ValidationError", 2)


def test_progress_in_any_kind_of_number_does_not_cost_the_worker_its_watchdog(submit, cluster, tmp_path):
    task = submit("sample.measures_itself", params={"mark": str(tmp_path / "mark")})
    wait_until(lambda: fresh(task).progress)
    assert fresh(task).progress == {"fraction": 0.25, "message": ""}
    (tmp_path / "mark.go").touch()
    wait_until(lambda: ended(task))
