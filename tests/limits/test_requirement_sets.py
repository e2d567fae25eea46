"""How many different requirements a tenant's tasks may wait with: refused by name."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queueapp import tasks
from queueapp.claiming.partitions import list_new_partitions
from queueapp.errors import InvalidTask
from queueapp.limits import requirement_sets
from queueapp.limits.tenant_limits import limits_of
from queueapp.maintenance import partitions
from queueapp.models import Tenant
from queueapp.models.base import new_id
from queueapp.tenancy import operator_scope, system_scope
from tests.worker.claimers import claimer


@pytest.fixture
def three(acme):
    """The tenant may have three."""
    with operator_scope("operator:test"):
        Tenant.objects.filter(id=acme.id).update(limits={"requirement_sets": 3})


def asking(*regions, type="sample.noop"):
    return [{"type": type, "requirements": {"region": region}} for region in regions]


def submit(tenant, *regions, **options):
    return tasks.submit_many(asking(*regions, **options), tenant_id=tenant.id)


def refused_fields(tenant, *regions, **options):
    """Of a submission, as a process sees it that remembers nothing."""
    requirement_sets.forget()
    with pytest.raises(InvalidTask) as refusal:
        submit(tenant, *regions, **options)
    assert {error.code for error in refusal.value.errors} == {"above_limit"}
    return [error.field for error in refusal.value.errors]


@pytest.mark.usefixtures("three")
def test_a_tenant_may_have_so_many_and_use_them_as_often_as_it_likes(acme):
    submit(acme, 1, 2, 2)
    submit(acme, 1, 3)
    for listed in (False, True):
        assert refused_fields(acme, 1, 4) == ["tasks.1.requirements"]
        submit(acme, 1, 2, 3)
        assert listed or list_new_partitions(new_id())


@pytest.mark.usefixtures("three")
def test_all_that_are_too_many_are_named_and_nothing_is_stored(acme):
    submit(acme, 1, 2)
    assert refused_fields(acme, 1, 3, 4, 3) == ["tasks.2.requirements"]  # in their order one fits
    assert refused_fields(acme, 1, 2, type="echo") == ["tasks.1.requirements"]
    submit(acme, 3)


@pytest.mark.usefixtures("three")
def test_a_process_that_knows_how_many_are_left_asks_nothing(acme):
    submit(acme, 1)
    with CaptureQueriesContext(connection) as queries:
        submit(acme, 1)
        submit(acme, 2, 3)
    assert len(queries) == 2
    with pytest.raises(InvalidTask):
        submit(acme, 4)


@pytest.mark.usefixtures("three")
def test_requirements_of_others_and_tasks_without_any_do_not_count(acme, globex):
    submit(globex, 1, 2, 3, 4, 5)
    tasks.submit_many([{"type": "echo"}, {"type": "sample.noop"}], tenant_id=acme.id)
    submit(acme, 6, 7, 8)


@pytest.mark.usefixtures("three")
def test_what_has_been_idle_makes_room(acme, monkeypatch):
    monkeypatch.setattr(partitions, "IDLE_SECONDS", 0)
    submit(acme, 1, 2, 3)
    worker, pruner = claimer(region=[1, 2]), partitions.PartitionPruner()
    while worker.claim():
        pass
    for _ in range(3):
        with system_scope("maintenance"):
            pruner()
    assert len(refused_fields(acme, 4, 5, 6)) == 1
    submit(acme, 4, 5)


def test_the_platforms_own_tenant_may_have_any_number():
    assert limits_of("system", {"requirement_sets": 1}).requirement_sets is None
