"""A cluster, and looking at what its tasks leave on record."""

import pytest

from queueapp import tasks
from queueapp.models import Run, RunMetric, RunNote
from queueapp.states import FINAL
from queueapp.tenancy import operator_scope
from tests.clusters import running_cluster
from tests.factories import fresh
from tests.waiting import wait_until


@pytest.fixture
def cluster(clean_database):
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def run(acme, cluster):
    """Submit and wait for the end."""

    def run(type, params=None, *, tenant=acme, **options):
        task = tasks.submit(type, params, tenant_id=tenant.id, **options)
        wait_until(lambda: fresh(task).status in FINAL)
        return fresh(task)

    return run


@pytest.fixture
def records(clean_database):
    """The runs of a task, the oldest first; with all their metrics and notes as pairs."""

    def of(task):
        with operator_scope("operator:test"):
            runs = list(Run.objects.filter(task_id=task.id).order_by("id"))
            metrics = list(RunMetric.objects.filter(task_id=task.id).values_list("run_id", "name", "value"))
            notes = list(RunNote.objects.filter(task_id=task.id).values_list("run_id", "type", "content"))
        return runs, metrics, notes

    return of
