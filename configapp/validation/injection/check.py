"""Refuses strings that hold SQL or markup."""

from configapp.validation.injection.markup import MARKUP, Rule
from configapp.validation.injection.normalise import readings
from configapp.validation.injection.sql import SQL_SHAPES, STATEMENT_WORD
from configapp.validation.keys import Refused


def check_injection(text: str, *, free_text: bool) -> None:
    """Raises Refused(`markup_injection`, `sql_injection` or `nested_encoding`). Takes linear time.

    Free text may hold statement keywords in upper case, since prose does ("the UPDATE of May"); other values may not.
    """
    read = readings(text)
    if read is None:
        raise Refused("nested_encoding", "must not be encoded several times over")
    if found := _first(MARKUP, read):
        raise Refused("markup_injection", f"looks like script or markup ({found.name}), which no value may hold")
    if found := _first(SQL_SHAPES if free_text else (*SQL_SHAPES, STATEMENT_WORD), read):
        raise Refused("sql_injection", f"looks like SQL ({found.name}), which no value may hold")


def _first(rules: tuple[Rule, ...], read: tuple[str, ...]) -> Rule | None:
    return next((each for each in rules if any(each.pattern.search(text) for text in read)), None)
