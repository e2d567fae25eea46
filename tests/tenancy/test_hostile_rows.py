"""Rows that a tenant may write with SQL of its own: none stops a worker, who reads them before it knows whose."""

import pytest
from django.db import IntegrityError, connection

from queueapp.models import Task
from queueapp.tasks.deaths import end_leases
from queueapp.tasks.settle import Outcome, OutcomeKind, settle
from queueapp.tenancy import operator_scope, system_scope, tenant_scope
from tests.factories import fresh
from tests.worker.claimers import claimer, submit

INSERT = (
    "INSERT INTO taskrunner_tasks (tenant_id, type, queue, status, {}) VALUES (%s, 'echo', 'default', 'queued', %s)"
)


def write(tenant, statement, *parameters):
    with tenant_scope(tenant.id), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def nested(levels):
    return '{"a": ' * (levels - 1) + "{}" + "}" * (levels - 1)


@pytest.mark.parametrize("column", ["params", "requirements"])
@pytest.mark.parametrize("document", ["5", "null", "[1]", nested(33), nested(5_000)], ids=lambda text: text[:5])
def test_documents_are_objects_of_few_levels(acme, column, document):
    with pytest.raises(IntegrityError, match="objects of at most 32 levels"):
        write(acme, INSERT.format(column), acme.id, document)


def test_what_python_cannot_read_holds_up_nobody(acme, globex):
    write(acme, INSERT.format("params"), acme.id, nested(32))
    write(acme, INSERT.format("params"), acme.id, f'{{"number": {"9" * 5_000}}}')
    other = submit(globex)[0]
    claimed = {task.id: task.params for task in claimer().claim()}
    assert len(claimed) == 3
    assert other in claimed
    write(acme, "UPDATE taskrunner_tasks SET result = %s", nested(5_000))
    with operator_scope("operator:test"):
        assert {task.result for task in Task.objects.filter(tenant=acme)} == {nested(5_000)}


@pytest.mark.parametrize("at_most", ["failures = 2147483647", "crash_count = 32767"])
def test_counters_at_their_end_do_not_pass_it(acme, make_task, at_most):
    failing, crashed = make_task("leased"), make_task("leased")
    write(acme, f"UPDATE taskrunner_tasks SET {at_most}")
    settle(failing.worker_id, [Outcome(failing.id, failing.attempt, OutcomeKind.ERROR, error_code="x")])
    with system_scope("test"):
        end_leases([{"id": crashed.id, "attempt": crashed.attempt}], counting=True)
    assert [fresh(task).lease_expires_at for task in (failing, crashed)] == [None, None]
