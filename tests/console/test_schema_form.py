"""Forms from schemas: what becomes of each kind of value, and what is said where it cannot be read."""

import datetime
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from queueapp.console.schema_form import ParamsForm, initial_values
from queueapp.errors import FieldError


class Address(BaseModel):
    city: str
    is_depot: bool = False


class Order(BaseModel):
    model_config = ConfigDict(extra="allow")

    number: int = Field(ge=1)
    weight: float = 1.5
    urgent: bool = False
    kind: Literal["letter", "parcel"]
    day: datetime.date | None = None
    items: list[int] = []
    sender: Address
    receiver: Address | None = None
    lines: list[Address] = []
    api_token: str = ""
    either: int | str = 3


SCHEMA = Order.model_json_schema()
FILLED = {"p-number": "7", "p-kind": '"parcel"', "p-sender.city": "Bern"}


def form(**data: str) -> ParamsForm:
    return ParamsForm(SCHEMA, FILLED | {f"p-{name}": value for name, value in data.items()})


def params(**data: str) -> dict[str, Any]:
    filled = form(**data)
    assert filled.is_valid(), filled.errors
    return filled.params()


def test_what_is_left_empty_is_left_to_the_type():
    sender = {"city": "Bern", "is_depot": False}
    assert params() == {"number": 7, "urgent": False, "kind": "parcel", "sender": sender}
    assert Order(**params()).receiver is None


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("weight", "2.25", 2.25),
        ("urgent", "on", True),
        ("day", "2026-01-31", "2026-01-31"),
        ("items", "1\n 2 \n\n3", [1, 2, 3]),
        ("lines", '[{"city": "Ulm"}]', [{"city": "Ulm"}]),
        ("either", '"seven"', "seven"),
        ("api_token", " kept as it is ", " kept as it is "),
        ("*", '{"colour": "red"}', None),
    ],
)
def test_each_kind_of_value_is_read(name, text, value):
    found = params(**{name: text})
    if name == "*":
        assert found["colour"] == "red"
    else:
        assert found[name] == value
    Order.model_validate(found)


def test_an_object_that_may_be_left_out_is_there_once_a_part_of_it_is():
    assert params(**{"receiver.is_depot": "true"})["receiver"] == {"is_depot": True}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("number", "", "required"),
        ("number", "0", "greater than or equal to 1"),
        ("number", "seven", "whole number"),
        ("items", "1\nx", "whole number"),
        ("kind", '"rocket"', "not one of"),
        ("lines", "[" * 2_000, "nested deeper"),
        ("lines", "{", "not JSON"),
        ("*", "[]", "must be a JSON object"),
    ],
)
def test_what_cannot_be_read_is_said_beside_the_field(name, text, words):
    filled = form(**{name: text})
    assert not filled.is_valid()
    assert words in str(filled.errors[name])


def test_errors_of_the_type_go_to_their_fields_or_come_back():
    filled = form()
    assert filled.is_valid()
    inner, unknown, other = (
        FieldError("params.lines.0.city", "x", "missing"),
        FieldError("params.colour", "x", "wrong"),
        FieldError("queue", "x", "no such queue"),
    )
    assert filled.blame([inner, unknown, other]) == [other]
    assert filled.errors["lines"] == ["0.city: missing"] and filled.errors["*"] == ["colour: wrong"]


def test_parameters_are_shown_as_they_were():
    given = {"number": 7, "kind": "parcel", "items": [1, 2], "sender": {"city": "Bern"}, "colour": "red", "either": "x"}
    shown = ParamsForm(SCHEMA, given=initial_values(SCHEMA, given)).as_p()
    assert "1\n2</textarea>" in shown and 'value="Bern"' in shown and "&quot;colour&quot;: &quot;red&quot;" in shown
    assert 'value="&quot;parcel&quot;" selected' in shown


def test_a_schema_without_an_end_is_one_box():
    endless = {"type": "object", "properties": {f"n{number}": {"type": "string"} for number in range(99)}}
    assert list(ParamsForm(endless).fields) == ["*"]
    ring = {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}}
    assert list(ParamsForm(ring).fields) == ["a"]
    assert list(ParamsForm({"type": "object"}).fields) == ["*"]
