"""What requests and responses are made of: the bases of their models, and the types of values that many share."""

import re
from datetime import UTC, datetime
from itertools import combinations
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from queueapp import clock
from queueapp.errors import FieldError
from queueapp.json_values import check_text

MAX_SECONDS_AHEAD = 10 * 365 * 86_400
PLUS_BECAME_SPACE = re.compile(r":\d\d(?:\.\d+)? \d\d:?\d\d$")
NO_NUL = r"^[^\x00]*$"
DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:")


class RequestModel(BaseModel):
    """Base of what clients send. Unknown members are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def not_both(*pairs: tuple[str, str]) -> ConfigDict:
    """For a model that refuses two members together: its schema says so, where null counts as not given."""
    return _excluding([_both(*pair) for pair in pairs])


def exactly_one(*names: str) -> ConfigDict:
    """For a model that takes one of these members: its schema says so, where null counts as not given."""
    none = {"properties": {name: {"type": "null"} for name in names}}
    return _excluding([*(_both(*pair) for pair in combinations(names, 2)), none])


def only_with(name: str, other: str) -> dict[str, Any]:
    """For the schema of a model that takes one member only together with another; null counts as not given."""
    given = {"not": {"type": "null"}}
    return {"not": {"required": [name], "properties": {name: given, other: {"type": "null"}}}}


def _both(first: str, second: str) -> dict[str, Any]:
    return {"required": [first, second], "properties": {name: {"not": {"type": "null"}} for name in (first, second)}}


def _excluding(refused: list[Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"not": {"anyOf": refused} if len(refused) > 1 else refused[0]})


class ResponseModel(BaseModel):
    """Base of what clients get: exactly these members. A response is built through its model, so both are the same."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def of(cls, row: object, **members: Any) -> Self:
        """The attributes of a row that have the members' names, and what is given beside them."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields if name not in members}, **members)


def _is_written_out(value: Any) -> Any:
    """Pydantic would also read a number, as seconds since 1970."""
    if isinstance(value, datetime) or (isinstance(value, str) and DATE_AND_TIME.match(value)):
        return value
    raise ValueError("must be a time in the form of RFC 3339, such as 2026-01-31T12:00:00Z")


def _has_its_plus(value: Any) -> Any:
    if isinstance(value, str) and PLUS_BECAME_SPACE.search(value):
        raise ValueError("has a space where its offset begins: in an address, send `+` as %2B")
    return value


def _in_utc(value: datetime) -> datetime:
    """PostgreSQL reads no offset of sixteen hours or more."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie within the years 1 to 9999 in UTC") from None


def _is_near(value: datetime) -> datetime:
    """PostgreSQL keeps times that Python cannot read back, and one such row would break every list it is in."""
    if abs((value - clock.now()).total_seconds()) > MAX_SECONDS_AHEAD:
        raise PydanticCustomError("time_out_of_range", "must lie within ten years of now")
    return value


def _is_whole(value: Any) -> Any:
    """JSON knows one kind of number: 3.0 is a whole one."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _no_nul(schema: dict[str, Any]) -> None:
    schema.setdefault("pattern", NO_NUL)


WHOLE = BeforeValidator(_is_whole)  # of a strict int, behind its bounds
Priority = Annotated[int, Field(ge=1, le=10, strict=True), WHOLE]
MaxRetries = Annotated[int, Field(ge=0, le=1000, strict=True), WHOLE]
TimeoutSeconds = Annotated[int, Field(ge=1, strict=True), WHOLE]
Moment = Annotated[
    AwareDatetime, BeforeValidator(_has_its_plus), BeforeValidator(_is_written_out), AfterValidator(_in_utc)
]
NearMoment = Annotated[Moment, AfterValidator(_is_near)]
Text = Annotated[str, AfterValidator(check_text), Field(json_schema_extra=_no_nul)]
Label = Annotated[Text, StringConstraints(min_length=1, max_length=64)]
Scalar = Text | int | float | bool


def field_errors(error: ValidationError, path: str = "") -> list[FieldError]:
    """Pydantic's errors in the platform's form; its messages already name the limits."""
    return [
        FieldError(
            (path + ".".join(str(part) for part in item["loc"])).rstrip(".") or "request",
            item["type"],
            item["msg"].removeprefix("Value error, "),
        )
        for item in error.errors(include_url=False, include_input=False)
    ]
