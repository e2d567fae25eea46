"""Refuses text that holds SQL or markup, whatever its disguise."""

from configapp.validation.injection.markup import MARKUP
from configapp.validation.injection.normalise import normal_forms
from configapp.validation.injection.rules import Rule
from configapp.validation.injection.sql import SQL_SHAPES, STATEMENT_WORD
from configapp.validation.keys import Refused


def check_injection(text: str, *, free_text: bool) -> None:
    """Raises Refused(`markup_injection`, `sql_injection` or `nested_encoding`). Takes linear time.

    Free text may hold statement keywords in upper case, since prose does ("the UPDATE of May"); other values may not.
    """
    forms = normal_forms(text)
    if forms is None:
        raise Refused("nested_encoding", "must not be encoded several times over")
    if found := _first(MARKUP, forms):
        raise Refused("markup_injection", f"looks like script or markup ({found.name}), which no value may hold")
    if found := _first(SQL_SHAPES if free_text else (*SQL_SHAPES, STATEMENT_WORD), forms):
        raise Refused("sql_injection", f"looks like SQL ({found.name}), which no value may hold")


def _first(rules: tuple[Rule, ...], forms: tuple[str, ...]) -> Rule | None:
    return next((each for each in rules if any(each.pattern.search(text) for text in forms)), None)
