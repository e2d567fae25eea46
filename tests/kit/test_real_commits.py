"""The kit where no test's transaction is around, as in a TransactionTestCase."""

import pytest
from django.db import OperationalError, transaction

from queueapp import get_task, submit
from queueapp.tenancy import bind_tenant
from queueapp.tenancy.scopes import current_scope


class Broken(Exception):
    """Ends the caller's transaction."""


@pytest.fixture(autouse=True)
def bound(acme):
    with bind_tenant(acme.id):
        yield


def test_inline_a_task_runs_after_the_commit(kit):
    with kit.inline() as drained:
        with transaction.atomic():
            made = submit("echo", {"msg": "a"})
            assert drained.tasks == []
        assert get_task(made.id).result == {"msg": "a"}
        submit("echo", {"msg": "b"})
        assert (drained.completed, current_scope()) == (2, None)
        with pytest.raises(Broken), transaction.atomic():
            submit("echo", {"msg": "c"})
            raise Broken
    assert drained.completed == 2


@pytest.mark.parametrize("type", ["sample.noop", "sample.makes_group"])
def test_faults_strike(kit, type):
    first, second = submit(type, {"mark": "a"}), submit(type, {"mark": "b"})
    with kit.kill_at("before_settle"), kit.lose_lease():
        assert kit.drain().completed == 2
    assert sum(get_task(task.id).attempt for task in (first, second)) == 2 + 2
    assert not transaction.get_connection().in_atomic_block


def test_a_database_that_is_down_comes_back(kit):
    with kit.database_down(), pytest.raises(OperationalError):
        submit("echo", {"msg": "a"})
    made = submit("echo", {"msg": "b"})
    with kit.database_down("settle"):
        assert kit.drain().completed == 1
    assert get_task(made.id).attempt == 1
