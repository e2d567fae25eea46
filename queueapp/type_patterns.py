"""Matching of types and requirements. Pure Python; the view worker_inbox says the same, a test compares.

`X.*` matches every type below X at any depth, not X itself; `*` matches all; else the type itself.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

TASK_TYPE_PATTERN = r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$"
TYPE_PATTERN = re.compile(r"\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?")


def is_task_type(value: str) -> bool:
    """Whether tasks may be of a type of this name."""
    return len(value) <= 200 and re.fullmatch(TASK_TYPE_PATTERN, value) is not None


def type_pattern(value: str) -> str:
    """Raises ValueError for an invalid pattern."""
    if not TYPE_PATTERN.fullmatch(value):
        raise ValueError("must be a type, `X.*` for all types below X, or `*`")
    return value


def type_matches(type: str, pattern: str) -> bool:
    """Whether a dotted type matches a pattern; matching starts at the first segment."""
    return pattern in ("*", type) or (pattern.endswith(".*") and type.startswith(pattern[:-1]))


def most_specific(type: str, patterns: Iterable[str]) -> str | None:
    """The longest of the patterns that match."""
    return max((pattern for pattern in patterns if type_matches(type, pattern)), key=len, default=None)


def meets(capabilities: Mapping[str, Any], requirements: Mapping[str, Any]) -> bool:
    """Whether each requirement equals the capability of that name, or is contained in its list."""
    return all(name in capabilities and _meets_one(capabilities[name], wanted) for name, wanted in requirements.items())


def _meets_one(capability: Any, wanted: Any) -> bool:
    return _same(capability, wanted) or (
        isinstance(capability, list) and any(_same(item, wanted) for item in capability)
    )


def _same(one: Any, other: Any) -> bool:
    """Equality as in JSON: Python thinks that True equals 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)
