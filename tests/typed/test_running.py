"""How a worker runs a task function: its arguments, its context and its result."""

import contextvars
import threading
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from pydantic import BaseModel

from queueapp import TaskContext, current_task, handler, handlers, submit, task
from queueapp.models import Task, TaskLog
from queueapp.tenancy import bind_tenant, operator_scope
from tests.samples.tasks import Card, charge, greet


@pytest.fixture(autouse=True)
def bound(acme):
    with bind_tenant(acme.id):
        yield


def test_a_result_is_kept_as_its_annotation_says(execute):
    charge.submit(7, Card(number="4242"))
    assert execute().result == {"order_id": 7, "amount": "9.90", "at": "2026-01-31T12:00:00Z"}


def test_the_function_gets_its_parameters_as_it_declares_them(execute):
    seen = []

    def look(on: date, card: Card, *, share: Decimal = Decimal("0.5")) -> None:
        seen.append((on, card, share))

    task("test.look")(look).submit(date(2026, 1, 31), Card(number="4242"))
    assert execute().status == "completed"
    assert seen == [(date(2026, 1, 31), Card(number="4242"), Decimal("0.5"))]


def test_the_context_comes_first(execute, acme):
    greet.submit("Ada", times=2)
    done = execute()
    assert done.result == ["Hello Ada", "Hello Ada"]
    with operator_scope("operator:test"):
        assert TaskLog.objects.filter(task_id=done.id, message="greeting").count() == 1


def test_the_context_is_at_hand_where_it_was_not_given(execute):
    def deep_inside() -> str:
        return str(current_task().id)

    task("test.deep")(deep_inside).submit()
    done = execute()
    assert done.result == str(done.id)
    handler("test.old_form", params=Card)(lambda task, params: task is current_task())
    submit("test.old_form", {"number": "4242"})
    assert execute().result is True


def test_outside_of_a_task_there_is_no_context(execute):
    told = []

    def tell(where: str) -> None:
        told.append((where, current_task().attempt))

    def threads() -> None:
        thread = threading.Thread(target=contextvars.copy_context().run, args=(tell, "in a thread"))
        thread.start()
        thread.join()

    task("test.threads")(threads).submit()
    assert execute().status == "completed"
    assert told == [("in a thread", 1)]
    with pytest.raises(RuntimeError, match="No task is running here"):
        current_task()


@dataclass
class Sum:
    total: int


@pytest.mark.parametrize(
    ("annotation", "returned", "kept"),
    [(Sum, {"total": "3"}, {"total": 3}), (float, 3, 3.0), (None, None, None), (list[Sum], [Sum(1)], [{"total": 1}])],
)
def test_a_result_becomes_what_its_annotation_says(execute, annotation, returned, kept):
    def give():
        return returned

    give.__annotations__["return"] = annotation
    task("test.give")(give).submit()
    assert execute().result == kept


def test_without_an_annotation_a_result_is_kept_as_it_is(execute):
    def give():
        return {"a": 1}

    task("test.give")(give).submit()
    assert execute().result == {"a": 1}


@pytest.mark.parametrize("returned", [{"total": "many"}, None, Sum])
def test_a_result_that_its_annotation_forbids_is_a_dead_letter_at_once(execute, returned):
    def give() -> Sum:
        return returned

    task("test.give", max_retries=3)(give).submit()
    dead = execute()
    assert (dead.status, dead.error_code) == ("dead_letter", "result_invalid")
    assert dead.error_message.startswith("result")
    assert "many" not in dead.error_message


def test_a_parameter_that_was_valid_once_is_a_dead_letter(execute, monkeypatch):
    def order(number: int) -> None: ...
    def order_by_word(number: int, word: str) -> None: ...

    task("test.order")(order).submit(1)
    monkeypatch.delitem(handlers._handlers, "test.order")
    task("test.order")(order_by_word)
    assert execute().error_code == "task_rejected_invalid_params"


def test_a_transactional_one_that_is_refused_writes_nothing(execute):
    def give(context: TaskContext) -> Sum:
        greet.submit("Ada")
        return None

    task("test.give", transactional=True)(give).submit()
    assert execute().error_code == "result_invalid"
    with operator_scope("operator:test"):
        assert Task.objects.filter(type="sample.greet").count() == 0


class Order(BaseModel):
    id: int


def test_the_explicit_form_stays(execute):
    @handler("test.explicit", params=Order)
    def ship(task: TaskContext, params: Order) -> int:
        return params.id

    submit("test.explicit", {"id": 7})
    assert execute().result == 7
    assert ship(None, Order(id=8)) == 8
