"""Refuses text that a database or a browser would run, whatever its disguise."""

import re

from configapp.validation.injection.decoding import readings
from configapp.validation.injection.markup import runs_as_markup
from configapp.validation.injection.script import runs_as_script
from configapp.validation.injection.sql import runs_as_sql
from configapp.validation.keys import Refused

_STATEMENT_WORD = re.compile(
    r"(?<!\w)(?:SELECT|UNION|INSERT|UPDATE|DELETE|DROP|ALTER|CREATE|TRUNCATE|EXEC|EXECUTE|GRANT|REVOKE|MERGE)(?!\w)"
)


def check_injection(text: str, *, free_text: bool) -> None:
    """Raises Refused(`markup_injection`, `sql_injection` or `nested_encoding`).

    Free text may hold statement keywords in upper case, since prose does ("the UPDATE of May"); other values may not.
    """
    forms = readings(text)
    if forms is None:
        raise Refused("nested_encoding", "must not be encoded several times over")
    if any(map(runs_as_markup, forms)) or any(map(runs_as_script, forms)):
        raise Refused("markup_injection", "must not hold what a browser would run as script or markup")
    if any(map(runs_as_sql, forms)):
        raise Refused("sql_injection", "must not hold what a database would run as SQL")
    if not free_text and any(map(_STATEMENT_WORD.search, forms)):
        raise Refused("sql_injection", "must not hold a statement keyword in upper case")
