"""Shapes of SQL, in any case; and the statement words that only free text may hold in upper case.

Prose speaks of selecting from lists and updating sets. So a shape asks for what prose has not: a table after FROM
where the statement ends, values in parentheses, comparisons of constants, a quote that closes early.
"""

from configapp.validation.rules import Rule, rule
from configapp.validation.sql.conditions import CONDITIONS
from configapp.validation.sql.functions import FUNCTIONS
from configapp.validation.sql.quotes import QUOTES
from configapp.validation.sql.reading import READING
from configapp.validation.sql.vocabulary import KEYWORD
from configapp.validation.sql.writing import WRITING

STATEMENT_WORD: Rule = rule("a statement keyword in upper case", rf"(?<!\w)(?-i:{KEYWORD.upper()})(?!\w)")
# sElEcT: nobody writes a keyword so, except around a filter
_ODD_CASE = rule(
    "a keyword in odd case",
    rf"(?<!\w)(?=(?:{KEYWORD}|from|where|sleep)(?!\w))",
    r"(?-i:[a-z]{1,12}[A-Z]|[A-Z]{2,12}[a-z]|[A-Z][a-z]{1,10}[A-Z])",
)

SQL_SHAPES: tuple[Rule, ...] = (_ODD_CASE, *READING, *WRITING, *FUNCTIONS, *CONDITIONS, *QUOTES)
