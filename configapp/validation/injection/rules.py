"""A rule: a shape of text that no value may hold."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A shape and what it is called in the refusal, as in "looks like SQL injection (a stacked statement)"."""

    name: str
    pattern: re.Pattern[str]


def rule(name: str, *parts: str) -> Rule:
    """The parts joined; letters match in any case, except inside (?-i:…)."""
    return Rule(name, re.compile("".join(parts), re.IGNORECASE))
