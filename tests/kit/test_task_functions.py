"""`perform` of a task function: called as its task would be, in a test and nowhere else."""

from contextvars import Context
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from queueapp import TaskContext, current_task, handlers, task
from queueapp.errors import InvalidTask, PermanentFailure
from queueapp.models import Task
from queueapp.tenancy import operator_scope
from tests.samples.tasks import Card, Receipt, charge, greet

pytestmark = pytest.mark.usefixtures("in_a_transaction")


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(handlers, "_handlers", dict(handlers._handlers))


def test_it_returns_what_the_function_returns_and_records_what_it_tells(kit):
    assert charge.perform(order_id=7, card=Card(number="4242")) == Receipt(
        7, Decimal("9.90"), datetime(2026, 1, 31, 12, tzinfo=UTC)
    )
    assert greet.perform("Ada", times=2) == ["Hello Ada", "Hello Ada"]
    paid, greeted = kit.performed
    assert (paid.type, paid.result["amount"]) == ("tests.samples.charge", "9.90")
    assert [(line.message, line.detail) for line in greeted.logs] == [("greeting", {"name": "Ada"})]
    with operator_scope("operator:test"):
        assert not Task.objects.exists()


def test_it_checks_as_a_submit_does():
    with pytest.raises(TypeError, match="missing a required argument: 'name'"):
        greet.perform()
    with pytest.raises(InvalidTask, match=r"params\.amount"):
        charge.perform(1, Card(number="4242"), amount=Decimal(0))
    with pytest.raises(InvalidTask, match="priority"):
        greet.using(priority=99).perform("Ada")


def test_what_its_annotation_forbids_is_refused():
    def give() -> int:
        return "many"

    with pytest.raises(PermanentFailure, match="result"):
        task("test.give")(give).perform()


def test_what_it_raises_comes_out_and_what_it_told_is_kept(kit, globex):
    def fail(context: TaskContext) -> None:
        context.log("so far")
        context.progress(0.5)
        raise ZeroDivisionError(str(current_task().tenant))

    with pytest.raises(ZeroDivisionError, match=str(globex.id)):
        task("test.fail")(fail).using(tenant="globex").perform()
    (told,) = kit.performed
    assert ([line.message for line in told.logs], told.progress["fraction"]) == (["so far"], 0.5)


def test_outside_of_a_test_it_is_refused():
    with pytest.raises(RuntimeError, match=r"'sample\.greet' is for tests that use the test kit"):
        Context().run(greet.perform, "Ada")
