"""What `@task` reads from a function, and which functions it refuses, by the name of the parameter."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel

from queueapp import TaskContext, task
from queueapp.handlers import find_handler
from queueapp.typed import AsyncTaskFunction
from tests.samples.tasks import Card, charge, greet

if TYPE_CHECKING:
    from decimal import Inexact


def test_the_parameters_are_those_of_the_function():
    schema = find_handler("tests.samples.charge").params.model_json_schema()
    assert list(schema["properties"]) == ["order_id", "card", "amount"]
    assert schema["required"] == ["order_id", "card"]
    assert schema["properties"]["card"] == {"$ref": "#/$defs/Card"}
    assert schema["title"] == "ChargeParams"
    assert schema["additionalProperties"] is False


def test_the_context_is_no_parameter():
    assert list(find_handler("sample.greet").params.model_fields) == ["name", "times"]


def test_annotations_may_be_texts():
    def remind(context: "TaskContext", of: "list[Card]") -> "None": ...

    task("test.texts")(remind)
    assert find_handler("test.texts").params.model_json_schema()["properties"]["of"]["items"] == {
        "$ref": "#/$defs/Card"
    }


def test_the_options_are_those_of_a_handler():
    handler = find_handler("tests.samples.charge")
    assert (handler.max_retries, handler.timeout_seconds, handler.queue) == (3, 300, "default")
    with pytest.raises(TypeError, match="time_out"):
        task("test.typo", time_out=3)(lambda: None)


def test_it_is_called_as_the_function_that_it_is():
    receipt = charge(7, Card(number="4242"), amount=Decimal(3))
    assert (receipt.order_id, receipt.amount) == (7, 3)
    assert (charge.__name__, charge.__doc__, charge.type) == ("charge", "Take the money.", "tests.samples.charge")
    assert repr(greet) == "<task sample.greet>"


@pytest.mark.parametrize(
    ("module", "type"),
    [
        ("shop.orders.tasks", "shop.orders.nothing"),
        ("shop.handlers", "shop.nothing"),
        ("shop.tasks.refunds", "shop.tasks.refunds.nothing"),
        ("shop.billing", "shop.billing.nothing"),
        ("tasks", "tasks.nothing"),
    ],
)
def test_a_task_is_named_after_its_module_and_function(module, type):
    def nothing() -> None: ...

    nothing.__module__, nothing.__qualname__ = module, "nothing"
    assert task(nothing).type == type
    with pytest.raises(ImproperlyConfigured, match=f"'{type}' is registered twice"):
        task(nothing)


def test_a_function_inside_of_another_has_no_name_of_its_own():
    def inner() -> None: ...

    with pytest.raises(ImproperlyConfigured, match=r"inner' has a name that no task may have"):
        task(inner)


def positional(order: int, /) -> None: ...
def many(*orders: int) -> None: ...
def named(**orders: int) -> None: ...
def untyped(order) -> None: ...
def private(_order: int) -> None: ...
def pydantics(order: int, json: str) -> None: ...
def second(order: int, context: TaskContext) -> None: ...
def unresolved(order: "list[Inexact]") -> None: ...
def unusable(number: int, order: type(pytest)) -> None: ...
def not_json(order: "Any", call: "pytest.MonkeyPatch") -> None: ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (positional, "parameter 'order' of task 'test.refused' is positional-only"),
        (many, r"parameter 'orders' of task 'test.refused' is a `\*` parameter"),
        (named, r"parameter 'orders' of task 'test.refused' is a `\*\*` parameter"),
        (untyped, "parameter 'order' of task 'test.refused' has no type"),
        (private, "parameter '_order' of task 'test.refused' has a name that Pydantic keeps"),
        (pydantics, "parameter 'json' of task 'test.refused' has a name that Pydantic keeps"),
        (second, "parameter 'context' of task 'test.refused' is the context, which comes first"),
        (unresolved, "parameter 'order' of task 'test.refused' is annotated with 'Inexact', which its module does not"),
        (unusable, "parameter 'order' of task 'test.refused' is of a type that Pydantic cannot use: Unable to"),
        (not_json, "parameter 'call' of task 'test.refused' is of a type that Pydantic cannot use"),
    ],
)
def test_what_cannot_be_stored_by_its_name_is_refused(function, message):
    with pytest.raises(ImproperlyConfigured, match=message):
        task("test.refused")(function)
    assert find_handler("test.refused") is None


def test_a_result_that_cannot_be_described_is_refused():
    def unusable() -> pytest.MonkeyPatch: ...
    def unresolved() -> "Inexact": ...

    with pytest.raises(ImproperlyConfigured, match=r"result of task 'test.result' is of a type that Pydantic cannot"):
        task("test.result")(unusable)
    with pytest.raises(ImproperlyConfigured, match=r"result of task 'test.result' is annotated with 'Inexact'"):
        task("test.result")(unresolved)


def test_an_async_functions_result_is_what_it_awaits_to():
    async def fetch(url: str) -> int: ...

    made = task("test.async")(fetch)
    assert isinstance(made, AsyncTaskFunction)
    assert find_handler("test.async").is_async
    assert find_handler("test.async").result.json_schema() == {"type": "integer"}


class Unfinished(BaseModel):
    later: "Later"  # noqa: F821


def test_a_model_that_is_not_whole_is_refused():
    def wait(order: Unfinished) -> None: ...

    with pytest.raises(ImproperlyConfigured, match=r"parameter 'order' of task 'test.unfinished' .* not fully defined"):
        task("test.unfinished")(wait)
