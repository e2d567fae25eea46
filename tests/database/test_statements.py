"""Named statements: prepared once a database session, or sent whole where the setting for poolers says so."""

import pytest
from django.db import connection

from queueapp import tasks
from queueapp.tasks.settle import OutcomeKind
from tests.tasks.workers import Worker


def prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture(params=[False, True], ids=["direct", "pooled"])
def pooled(clean_database, request):
    connection.close()  # with what it has prepared
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = request.param
    yield request.param
    connection.close()
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False


def test_a_task_lives_its_life_over_both(acme, pooled):
    worker = Worker()
    task = tasks.submit("echo", {"n": 1}, tenant_id=acme.id, dedup={"key": "once"})
    assert tasks.submit("echo", {"n": 2}, tenant_id=acme.id, dedup={"key": "once"}).id == task.id
    assert worker.claim().id == task.id
    assert worker.settle(task.id, 1, OutcomeKind.COMPLETED, result='{"n": 1}') == "completed"
    assert tasks.submit_many([{"type": "echo"}] * 3, tenant_id=acme.id)
    assert bool(prepared()) is not pooled
